"""What the engine runs: one operation of a document, with everything that was found out about it on the way in."""

from dataclasses import dataclass

from graphql import VariableValues

from gateway.engine.outline import outline
from gateway.engine.plan import Plan


@dataclass(frozen=True, slots=True, eq=False)
class AdmittedOperation:
    """An operation that may run: within the limits, valid, allowed to its viewer, its variables coerced.

    One that is shareable may run once for several requests of one viewer: it changes nothing and leaves no trace.

    Only `gateway.admission.Admission` makes one. The engine takes nothing else, so that whoever wants to run a
    document has to come through the door where all of this is checked.
    """

    plan: Plan
    variables: VariableValues
    is_shareable: bool = False

    @property
    def operation_name(self) -> str | None:
        """The operation's name in the document; None where it has none."""
        name = self.plan.operation.name
        return name.value if name else None

    def outline(self) -> list[list[str]]:
        """What it ran, by level, in the schema's words."""
        return outline(self.plan, self.variables)

    @property
    def kind(self) -> str:
        """`query` or `mutation`."""
        return self.plan.operation.operation.value
