"""How fields get their values: every resolver takes all parents of a level and answers for each, in their order.

A resolver is `(parents, context, **arguments) -> values`, plain or async; an error value fails its own parent
only. Roots have one parent, None. Resolvers read through loaders and know neither Strawberry nor HTTP.
"""
