"""Lines on their way out: those of ten milliseconds leave together, in one write."""

import asyncio
import atexit
import select
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import TextIO

WAITING_SECONDS = 0.01
"""What a process that is killed may lose of what it said; a write for each turn of a busy loop costs a fifth of it."""


class Lines:
    """Collects lines for one stream; what waits is written after WAITING_SECONDS, before an exit, or on `flush`.

    Without a running event loop a line is written at once. Several processes may share the stream: as long as a line
    is no longer than a pipe takes in one piece (PIPE_BUF, 4 KiB on Linux), it stands whole among theirs.
    """

    def __init__(self) -> None:
        self._stream: TextIO | None = None
        self._waiting: deque[bytes] = deque()
        self._flushed_by: asyncio.AbstractEventLoop | None = None
        self._writing = threading.RLock()
        atexit.register(self.flush)

    def send_to(self, stream: TextIO) -> None:
        """From now on lines go there; those that waited still go where they were meant for."""
        self.flush()
        self._stream = stream

    def add(self, line: bytes, *, at_once: bool = False) -> None:
        """Takes a line, with its end; `at_once` for one that may be the last before a crash."""
        self._waiting.append(line)
        if at_once:
            self.flush()
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if self._flushed_by is not loop:
            self._flushed_by = loop
            loop.call_later(WAITING_SECONDS, self.flush)

    def flush(self) -> None:
        """Writes what waits; a stream that cannot be written to must not end the work that is logged."""
        with self._writing, suppress(OSError, ValueError):  # ValueError is Python's word for a closed file
            self._flushed_by = None
            for part in _parts(self._waiting):
                self._write(part)

    def _write(self, part: bytes) -> None:
        if self._stream is None:
            return
        binary = getattr(self._stream, "buffer", None)
        if binary is None:
            self._stream.write(part.decode())
        else:
            binary.write(part)
            binary.flush()


def _parts(waiting: deque[bytes]) -> Iterator[bytes]:
    """All lines, as many in a part as are written in one piece even to a pipe."""
    part: list[bytes] = []
    size = 0
    while waiting:
        line = waiting.popleft()
        if part and size + len(line) > select.PIPE_BUF:
            yield b"".join(part)
            part, size = [], 0
        part.append(line)
        size += len(line)
    if part:
        yield b"".join(part)
