"""From a query's text to a document that may be asked of the graph: parsed, measured, valid."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from math import log10

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    Lexer,
    OperationDefinitionNode,
    Source,
    Token,
)
from graphql.language.parser import Parser

from gateway.admission.extent import Extent, document_extent
from gateway.admission.operation import Operation
from gateway.admission.refused import Refused, refused, refused_by_graphql
from gateway.admission.validation import validation_errors
from gateway.config import LimitSettings
from gateway.errors import BadRequest, DocumentTooDeep, DocumentTooLarge, GraphqlParseFailed, GraphqlValidationFailed

CHARACTERS_PER_TOKEN = 50
"""Times `limits.tokens_max`, the longest text that is parsed: a megabyte of commas has no tokens and takes 60 ms."""

INTROSPECTION_DEPTH_MAX = 20
"""Levels under `__schema`, whatever `limits.depth_max` is. The usual introspection query, GraphiQL's, has 15."""

NAMES_SHOWN = 10


@dataclass(frozen=True, eq=False)
class Document:
    """A valid document, shared by all requests that send its text."""

    operations: dict[str | None, Operation]

    def operation(self, name: str | None) -> Operation:
        """The operation that a request means; Refused when the name is unknown, or missing where there are several."""
        if not name and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name and name in self.operations:
            return self.operations[name]
        names = _names(self.operations)
        if not name:
            raise refused(BadRequest(f"The document has several operations: choose one in operationName: {names}."))
        if not names:
            raise refused(BadRequest("The document's operation has no name: leave operationName out."))
        raise refused(BadRequest(f"The document has no operation of the name in operationName; it has {names}."))


def read_document(schema: GraphQLSchema, query: str, limits: LimitSettings, *, introspection: bool) -> Document:
    """The document of a text; Refused with what is wrong with it.

    Aliases, repeated root fields and directives need no bound of their own: each costs tokens, and those are bounded;
    what rows multiply is bounded once the variables are known.
    """
    node = _parsed(query, limits.tokens_max)
    extent = document_extent(node)
    if extent is not None:
        _require_small(extent, limits)
    errors = validation_errors(schema, node, introspection=introspection, is_circular=extent is None)
    if errors:
        raise refused_by_graphql(errors, GraphqlValidationFailed, instead="This value is not one that its type takes.")
    fragments = {each.name.value: each for each in node.definitions if isinstance(each, FragmentDefinitionNode)}
    return Document(
        {
            each.name.value if each.name else None: Operation(schema, each, fragments, introspection=introspection)
            for each in node.definitions
            if isinstance(each, OperationDefinitionNode)
        }
    )


def require_short(query: str, limits: LimitSettings) -> None:
    """Refused for a text that is empty, or too long to be looked at."""
    if not query.strip():
        raise refused(BadRequest("The query is empty. Send a GraphQL document, such as { __typename }."))
    characters_max = CHARACTERS_PER_TOKEN * limits.tokens_max
    if len(query) > characters_max:
        raise refused(
            DocumentTooLarge(f"The document has more than {characters_max} characters: put long values into variables.")
        )


def _parsed(query: str, tokens_max: int) -> DocumentNode:
    lexer = Lexer(Source(query))
    first = lexer.token
    try:
        return Parser(
            lexer.source, lexer=lexer, max_lexical_tokens=tokens_max, max_comments=tokens_max
        ).parse_document()
    except GraphQLSyntaxError as error:
        found = error.with_traceback(None)
    except RecursionError:
        found = None
    finally:
        _unlink(first)
    raise _not_parsed(found, tokens_max)


def _not_parsed(error: GraphQLSyntaxError | None, tokens_max: int) -> Refused:
    """The refusal of what the parser stopped at; None where that was the depth of its own recursion."""
    if error is None:
        return refused(DocumentTooDeep("The document is nested too deeply to be read."))
    # graphql-core has one class for both; tests hold it to these words.
    message = error.message.removeprefix("Syntax Error: ").removesuffix(" Parsing aborted.")
    if message in _too_large(tokens_max):
        return refused(DocumentTooLarge(f"{message} Ask for less at once, or in several requests."))
    return refused_by_graphql([error], GraphqlParseFailed, instead="The document cannot be read.")


def _unlink(token: Token | None) -> None:
    """Parts the tokens, which know each other in both directions: the garbage collector would have to free them.

    Nodes know where they begin and end without that.
    """
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following


def _too_large(tokens_max: int) -> tuple[str, str]:
    return (
        f"Document contains more than {tokens_max} tokens.",
        f"Document contains more than {tokens_max} comments.",
    )


def _require_small(extent: Extent, limits: LimitSettings) -> None:
    """Before it is validated, which takes time with the square of what it asks for."""
    if extent.depth > limits.depth_max:
        raise refused(
            DocumentTooDeep(
                f"The document goes {extent.depth} levels deep and {limits.depth_max} are allowed "
                "(`limits.depth_max`): ask for what lies deeper in a request of its own."
            )
        )
    if extent.introspection_depth > INTROSPECTION_DEPTH_MAX:
        raise refused(
            DocumentTooDeep(
                f"Introspection goes {extent.introspection_depth} levels deep; {INTROSPECTION_DEPTH_MAX} are allowed."
            )
        )
    if extent.fields > limits.fields_max:
        raise refused(
            DocumentTooLarge(
                f"The document asks for {counted(extent.fields)} fields, its fragments spread, and {limits.fields_max} "
                "are allowed (`limits.fields_max`): ask for less at once, or in several requests."
            )
        )


def counted(number: int) -> str:
    """The number, or for one that nobody would read to its end a power of ten below it."""
    return str(number) if number < 10**9 else f"more than 10^{int((number.bit_length() - 1) * log10(2))}"


def _names(operations: Iterable[str | None]) -> str:
    named = [name for name in operations if name]
    more = ", …" if len(named) > NAMES_SHOWN else ""
    return ", ".join(islice(named, NAMES_SHOWN)) + more
