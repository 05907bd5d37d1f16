"""How a viewer's fields get their values."""

from collections.abc import Sequence

from gateway.context import Context
from gateway.domain.company import Company
from gateway.domain.viewer import Viewer


def viewer(context: Context) -> Viewer:
    """Whoever the token speaks for."""
    return context.viewer


def company(viewers: Sequence[Viewer], context: Context) -> Sequence[Company | None]:
    """The viewer's company; operators have none."""
    return [None if viewer.company_id is None else Company(viewer.company_id) for viewer in viewers]


def scopes(viewers: Sequence[Viewer], context: Context) -> Sequence[list[str]]:
    """What the viewer may do, in alphabetical order."""
    return [sorted(viewer.scopes) for viewer in viewers]
