"""The names that backends have for one filter."""


def spellings(name: str, owner_role: str) -> list[str]:
    """Other names of a filter on a reference, `relatedParty.id`: as v5 nests it, in one word, by the owner's role."""
    head, _, tail = name.rpartition(".")
    if not head or "." in head:
        return []
    nested = [f"{head}.partyOrPartyRole.{tail}"] if head == "relatedParty" else []
    by_role = [f"{owner_role}.{tail}", f"{owner_role}Id", owner_role] if head.endswith("Party") and tail == "id" else []
    names = [*nested, f"{head}{tail[:1].upper()}{tail[1:]}", head, *by_role]
    return [each for each in dict.fromkeys(names) if each != name]


COMPARISONS = {"gte": (".ge", ">", "[gte]"), "gt": (".gt", "[gt]"), "lte": (".le", "<", "[lte]"), "lt": (".lt", "[lt]")}
"""Other spellings of each comparison. `>` becomes `billDate>=…` once the value follows, percent-encoded."""
