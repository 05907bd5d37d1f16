"""How many requests the graph answered, how, and how long that took: numbers with names, of which there are few."""

from bisect import bisect_left

from gateway.counting import SECONDS, Histogram
from gateway.http.request_record import CLIENT_GONE_STATUS, RequestRecord

NAMES_MAX = 100
"""Operations that are counted by their names; those of clients that make up a new one for each request are not."""
NAME_MAX_CHARACTERS = 80
OTHER = "other"
UNNAMED = "unnamed"
NOT_ADMITTED = "none"
"""The type and the name of what was refused, or left, before it was known to be an operation."""


_Key = tuple[str | None, str | None, int, bool]
"""All that a request's row depends on: type, name, status, and whether there were no errors."""


class RequestCounts:
    """A name is the client's to choose, so it is counted by it only once it was admitted, for somebody with a token,
    and while there are no more than NAMES_MAX."""

    def __init__(self) -> None:
        self.durations: dict[tuple[str, str, str], Histogram] = {}
        """In seconds, by type (query, mutation), name and outcome."""
        self._names: set[str] = set()
        self._known: dict[_Key, Histogram] = {}

    def count(self, record: RequestRecord, seconds: float) -> None:
        """One more that ended. As `Histogram.add`, without the call, which an answer that is kept would feel."""
        key = (record.operation_type, record.operation, record.status, not record.error_codes)
        durations = self._known.get(key) or self._new(key, record)
        durations.counts[bisect_left(SECONDS, seconds)] += 1
        durations.sum += seconds

    def _new(self, key: _Key, record: RequestRecord) -> Histogram:
        kind, name = record.operation_type or NOT_ADMITTED, self._name(record)
        durations = self.durations.setdefault((kind, name, _outcome(record)), Histogram(SECONDS))
        if name != OTHER:
            self._known[key] = durations
        return durations

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
