"""A request that is turned away by HTTP itself, before the graph is asked."""

from collections.abc import Mapping

from gateway.errors import BadRequest


class HttpRefusal(BadRequest):
    """BAD_REQUEST with a status of its own (405, 406, 413, 415…) and the headers that belong to it."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})

    @classmethod
    def code(cls) -> str:
        """To a client it is a bad request, whatever the status."""
        return BadRequest.code()
