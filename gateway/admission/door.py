"""Every operation, from every transport, comes in here."""

from graphql import GraphQLSchema, OperationDefinitionNode, OperationType, assert_valid_schema

from gateway.admission.access import Access, AccessPolicy
from gateway.admission.document import Document, counted, read_document, require_short
from gateway.admission.document_cache import DocumentCache
from gateway.admission.operation import Operation
from gateway.admission.refused import Refused, refused
from gateway.config import LimitSettings
from gateway.domain.viewer import Viewer
from gateway.engine import AdmittedOperation
from gateway.errors import BadRequest, DocumentTooDeep, TooManyObjects


class Admission:
    """Lets operations of one schema in, or refuses them.

    `cache_size` is how many documents are kept parsed and validated. GraphQLError, TypeError for a broken schema.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: LimitSettings,
        *,
        introspection: bool,
        policy: AccessPolicy,
        cache_size: int = 500,
    ) -> None:
        assert_valid_schema(schema)
        self._schema = schema
        self._limits = limits
        self._introspection = introspection
        self._access = Access(schema, policy)
        self.documents = DocumentCache(cache_size)
        """Those that were admitted, with their plans."""

    def admit(
        self,
        query: str,
        operation_name: str | None,
        variables: dict[str, object] | None,
        viewer: Viewer,
        *,
        allow_mutation: bool = True,
    ) -> AdmittedOperation:
        """The operation a request means, ready to run; Refused with the first kind of thing that is wrong with it.

        In this order: size, syntax, depth, validity, choice and kind of the operation, the viewer's scopes, variables,
        the number of objects.
        Scopes come before variables, so that who may not ask learns nothing about what would be a right value.
        """
        known = self.documents.get(query)
        document = self._read(query) if known is None else known
        operation = document.operation(operation_name)
        _require_kind(operation.node, allow_mutation=allow_mutation)
        given = variables or {}
        demand = operation.demand(self._access)
        if not demand.is_met_by(viewer):
            self._access.require(operation.node, operation.fragments, given, viewer)
        values = operation.variables.coerced(given)
        self._require_affordable(operation, values.coerced)
        if known is None:
            self.documents.put(query, document)
        is_query = operation.node.operation is OperationType.QUERY
        return AdmittedOperation(operation.plan, values, is_shareable=is_query and not demand.is_audited)

    def _read(self, query: str) -> Document:
        require_short(query, self._limits)
        return read_document(self._schema, query, self._limits, introspection=self._introspection)

    def _require_affordable(self, operation: Operation, variables: dict[str, object]) -> None:
        try:
            size = operation.answer_size.at_most(variables)
        except RecursionError:
            raise refused(DocumentTooDeep("The document's fragments are nested too deeply.")) from None
        limits = self._limits
        if size.objects > limits.objects_max:
            instead = "shorter pages with `first`, or in several requests"
            raise _too_many("objects", size.objects, limits.objects_max, instead, operation)
        if size.values > limits.values_max:
            instead = "fewer fields, or for shorter pages with `first`"
            raise _too_many("values", size.values, limits.values_max, instead, operation)


def _too_many(what: str, count: int, most: int, instead: str, operation: Operation) -> Refused:
    message = f"The answer could have {counted(count)} {what} and {most} are allowed (`limits.{what}_max`)"
    return refused(TooManyObjects(f"{message}: ask for {instead}."), operation.node)


def _require_kind(operation: OperationDefinitionNode, *, allow_mutation: bool) -> None:
    if operation.operation is OperationType.SUBSCRIPTION:
        raise refused(BadRequest("Subscriptions are not served yet: ask with a query."), operation)
    if operation.operation is OperationType.MUTATION and not allow_mutation:
        raise refused(BadRequest("A mutation changes something: send it by POST."), operation, http_status=405)
