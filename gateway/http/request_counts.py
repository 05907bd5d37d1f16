"""How many requests the graph answered, how, and how long that took: numbers with names, of which there are few."""

from gateway.counting import Histogram
from gateway.http.request_record import CLIENT_GONE_STATUS, RequestRecord

NAMES_MAX = 100
"""Operations that are counted by their names; those of clients that make up a new one for each request are not."""
NAME_MAX_CHARACTERS = 80
OTHER = "other"
UNNAMED = "unnamed"
NOT_ADMITTED = "none"
"""The type and the name of what was refused, or left, before it was known to be an operation."""


class Row:
    """Requests of one type, name and outcome; those that differ in nothing but the outcome share their durations."""

    __slots__ = ("count", "durations")

    def __init__(self, durations: Histogram) -> None:
        self.count = 0
        self.durations = durations


class RequestCounts:
    """A name is the client's to choose, so it is counted by it only once it was admitted, for somebody with a token,
    and while there are no more than NAMES_MAX."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], Row] = {}
        """By type (query, mutation), name and outcome."""
        self.durations: dict[tuple[str, str], Histogram] = {}
        """In seconds, by type and name."""
        self._names: set[str] = set()
        self._known: dict[tuple[str | None, str | None, str], Row] = {}

    def count(self, record: RequestRecord, seconds: float) -> None:
        """One more request that ended."""
        key = (record.operation_type, record.operation, _outcome(record))
        row = self._known.get(key) or self._row(key, record)
        row.count += 1
        row.durations.add(seconds)

    def _row(self, key: tuple[str | None, str | None, str], record: RequestRecord) -> Row:
        kind, name, outcome = key[0] or NOT_ADMITTED, self._name(record), key[2]
        row = self.rows.get((kind, name, outcome))
        if row is None:
            durations = self.durations.get((kind, name))
            if durations is None:
                durations = self.durations[kind, name] = Histogram()
            row = self.rows[kind, name, outcome] = Row(durations)
        if name != OTHER:
            self._known[key] = row
        return row

    def _name(self, record: RequestRecord) -> str:
        if record.operation_type is None:
            return NOT_ADMITTED
        name = record.operation
        if name is None:
            return UNNAMED
        if name in self._names:
            return name
        viewer = record.viewer
        if len(self._names) >= NAMES_MAX or len(name) > NAME_MAX_CHARACTERS or viewer is None or viewer.is_anonymous:
            return OTHER
        self._names.add(name)
        return name


def _outcome(record: RequestRecord) -> str:
    """In one word: who is to look at it."""
    if record.status == CLIENT_GONE_STATUS:
        return "client_gone"
    if record.status >= 500:
        return "failed"
    if not record.error_codes:
        return "ok"
    # Well-formed requests that are refused are 200 to clients of plain JSON, and then they were not admitted.
    return "refused" if record.status >= 400 or record.operation_type is None else "partial"
