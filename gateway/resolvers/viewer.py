"""How a viewer's fields get their values."""

from collections.abc import Sequence

from gateway.context import Context
from gateway.domain.company import Company
from gateway.domain.viewer import Viewer


def viewer(roots: Sequence[None], context: Context) -> Sequence[Viewer]:
    """Whoever the token speaks for."""
    return [context.viewer] * len(roots)


def company(viewers: Sequence[Viewer], context: Context) -> Sequence[Company | None]:
    """The viewer's company; operators have none."""
    return [None if viewer.company_id is None else Company(viewer.company_id) for viewer in viewers]


def scopes(viewers: Sequence[Viewer], context: Context) -> Sequence[list[str]]:
    """What the viewer may do, in alphabetical order."""
    return [sorted(viewer.scopes) for viewer in viewers]
