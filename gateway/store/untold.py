"""What the other replicas are still to be told."""


class Untold:
    """Subjects with a mark each: what happens anew to one while it is being told stays to be told."""

    def __init__(self) -> None:
        self._marks: dict[str, int] = {}
        self._count = 0

    def __contains__(self, subject: str) -> bool:
        return subject in self._marks

    def add(self, subject: str) -> None:
        """Something happened to it."""
        self._count += 1
        self._marks[subject] = self._count

    def marks(self) -> dict[str, int]:
        """All of them now, each with its mark: to be given back when it was told."""
        return dict(self._marks)

    def mark(self, subject: str) -> int:
        """Its mark now; 0 where there is nothing to tell."""
        return self._marks.get(subject, 0)

    def told(self, subject: str, mark: int) -> None:
        """Everybody knows what had happened to it when it had that mark."""
        if self._marks.get(subject) == mark:
            del self._marks[subject]
