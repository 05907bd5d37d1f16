"""A body that comes in parts."""

import time
from collections.abc import Iterator

from starlette.types import Message, Receive

from gateway.http.deadline import Deadline
from gateway.http.graphql_request import from_body
from gateway.http.request_headers import RequestHeaders

PARTS = 400_000


def coming(parts: Iterator[Message]) -> Receive:
    """The receive of a request that comes so."""

    async def receive() -> Message:
        return next(parts)

    return receive


async def test_a_body_in_many_small_parts() -> None:
    """A body costs what its bytes cost, in however many parts it comes: none is copied again for each."""
    parts: Iterator[Message] = (
        {"type": "http.request", "body": b"%02d" % (number % 100), "more_body": number < PARTS - 1}
        for number in range(PARTS)
    )
    began = time.process_time()
    request = await from_body(RequestHeaders([]), coming(parts), max_bytes=2 * PARTS, deadline=Deadline(60))
    assert request.text == b"".join(b"%02d" % number for number in range(100)) * (PARTS // 100)
    assert time.process_time() - began < 3
