"""`python -m bench.backend`: all backends in one process, TM Forum's shapes and filters at next to no cost.

It answers from rows made at the start, and keeps its latest answers whole: so one core feeds the fastest contender
and has room for the load beside. It counts calls by path: GET /counts, and GET /reset to begin again.
"""

import argparse
import asyncio
import contextlib
import gc
from collections import Counter, OrderedDict
from datetime import date
from pathlib import Path
from typing import cast

import msgspec
import uvloop

from bench.tables import BadQuery, Page, Table, tables
from bench.world import World

ANSWERS_MAX_BYTES = 64 * 1024 * 1024
END = b"\r\n\r\n"


class Answers:
    """The answer to each target, whole; those given last are kept."""

    def __init__(self, by_path: dict[str, Table], jwks: bytes) -> None:
        self._tables = by_path
        self._jwks = jwks
        self._kept: OrderedDict[bytes, tuple[str, bytes]] = OrderedDict()
        self._bytes = 0
        self._counts: Counter[str] = Counter()

    def answer(self, target: bytes) -> bytes:
        """The whole response."""
        kept = self._kept.get(target)
        if kept is not None:
            self._kept.move_to_end(target)
            self._counts[kept[0]] += 1
            return kept[1]
        text = target.decode("ascii")
        path, _, query = text.partition("?")
        if path in ("/counts", "/reset", "/jwks"):
            return self._own(path)
        table = self._tables.get(path)
        response = _listed(table, query) if table else self._one(path)
        self._counts[path] += 1
        self._keep(target, path, response)
        return response

    def _own(self, path: str) -> bytes:
        if path == "/jwks":
            return _response(200, self._jwks)
        if path == "/reset":
            self._counts.clear()
        return _response(200, msgspec.json.encode(self._counts))

    def _one(self, path: str) -> bytes:
        collection, _, id = path.rpartition("/")
        table = self._tables.get(collection)
        body = None if table is None else table.one(id)
        return _response(404, b"{}") if body is None else _response(200, body)

    def _keep(self, target: bytes, path: str, response: bytes) -> None:
        self._kept[target] = (path, response)
        self._bytes += len(response)
        while self._bytes > ANSWERS_MAX_BYTES:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._bytes -= len(oldest)


def _listed(table: Table, query: str) -> bytes:
    try:
        page: Page = table.page(query)
    except (BadQuery, ValueError) as error:
        return _response(400, msgspec.json.encode({"reason": str(error)}))
    return _response(200, page.body, b"X-Total-Count: %d\r\n" % page.total)


REASONS = {200: b"OK", 400: b"Bad Request", 404: b"Not Found"}


def _response(status: int, body: bytes, headers: bytes = b"") -> bytes:
    head = b"HTTP/1.1 %d %b\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n"
    return head % (status, REASONS[status], headers, len(body)) + body


class Connection(asyncio.Protocol):
    """One connection that stays open; only GET, so a request ends where its headers do."""

    def __init__(self, answers: Answers) -> None:
        self._answer = answers.answer
        self._rest = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps it."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        """Answers every request that is whole."""
        data = self._rest + data if self._rest else data
        *requests, self._rest = data.split(END)
        for request in requests:
            self._transport.write(self._answer(request[4 : request.index(b" ", 4)]))


async def serve(port: int, answers: Answers) -> None:
    """Serves until cancelled; says where on stdout."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answers), "127.0.0.1", port, backlog=2048)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    """Reads where to listen, and the keys to publish."""
    parser = argparse.ArgumentParser(prog="python -m bench.backend", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--jwks", type=Path, required=True, help="file of the keys served at /jwks")
    arguments = parser.parse_args()
    answers = Answers(tables(World(date.today())), arguments.jwks.read_bytes())  # noqa: DTZ011 -- the day here
    gc.collect()
    gc.freeze()
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(arguments.port, answers))


if __name__ == "__main__":
    main()
