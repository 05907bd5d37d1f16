"""Every operation, from every transport, comes in here."""

from graphql import GraphQLSchema, OperationDefinitionNode, OperationType, assert_valid_schema

from gateway.admission.access import Access, AccessPolicy
from gateway.admission.cost import objects_at_most
from gateway.admission.document import Document, read_document, require_short
from gateway.admission.document_cache import DocumentCache
from gateway.admission.refused import refused
from gateway.admission.variables import coerced_variables
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
        self._documents = DocumentCache(cache_size)

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
        document = self._document(query)
        operation = document.operation(operation_name)
        _require_kind(operation, allow_mutation=allow_mutation)
        given = variables or {}
        self._require_access(document, operation, given, viewer)
        values = coerced_variables(self._schema, operation, given, introspection=self._introspection)
        self._require_affordable(document, operation, values.coerced)
        return AdmittedOperation(self._schema, document.node, operation, document.fragments, values)

    def _document(self, query: str) -> Document:
        require_short(query, self._limits)
        document = self._documents.get(query)
        if document is None:
            document = read_document(self._schema, query, self._limits, introspection=self._introspection)
            self._documents.put(query, document)
        return document

    def _require_affordable(
        self, document: Document, operation: OperationDefinitionNode, variables: dict[str, object]
    ) -> None:
        try:
            objects = objects_at_most(self._schema, operation, document.fragments, variables)
            values = objects_at_most(self._schema, operation, document.fragments, variables, leaf=1)
        except RecursionError:
            raise refused(DocumentTooDeep("The document's fragments are nested too deeply.")) from None
        if objects > self._limits.objects_max:
            raise refused(
                TooManyObjects(
                    f"The answer could have {objects} objects and {self._limits.objects_max} are allowed "
                    "(`limits.objects_max`): ask for shorter pages with `first`, or in several requests."
                ),
                operation,
            )
        if values > self._limits.values_max:
            raise refused(
                TooManyObjects(
                    f"The answer could have {values} values and {self._limits.values_max} are allowed "
                    "(`limits.values_max`): ask for fewer fields, or for shorter pages with `first`."
                ),
                operation,
            )

    def _require_access(
        self, document: Document, operation: OperationDefinitionNode, variables: dict[str, object], viewer: Viewer
    ) -> None:
        name = operation.name.value if operation.name else None
        demand = document.demands.get(name)
        if demand is None:
            demand = document.demands[name] = self._access.demand(operation, document.fragments)
        if not demand.is_met_by(viewer):
            self._access.require(operation, document.fragments, variables, viewer)


def _require_kind(operation: OperationDefinitionNode, *, allow_mutation: bool) -> None:
    if operation.operation is OperationType.SUBSCRIPTION:
        raise refused(BadRequest("Subscriptions are not served yet: ask with a query."), operation)
    if operation.operation is OperationType.MUTATION and not allow_mutation:
        raise refused(BadRequest("A mutation changes something: send it by POST."), operation, http_status=405)
