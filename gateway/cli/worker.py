"""One of several processes that serve: what it does between its fork and its end."""

import asyncio
import os
import signal
import socket
import sys
import traceback
from contextlib import AbstractAsyncContextManager

import uvloop

from gateway.cli.garbage import collect_rarely
from gateway.errors import ConfigurationError
from gateway.log import flush_logs

READY, FAILED = b"r", b"f"
"""What a worker says to its parent; after FAILED comes the reason."""
DRAIN, END = b"d", b"e"
"""What the parent says to its workers; the end of the channel, when the parent is gone, means DRAIN."""


def work(service: AbstractAsyncContextManager[object], channel: socket.socket) -> int:
    """Serves until the parent says otherwise or SIGTERM comes; the exit code.

    A terminal's Ctrl-C reaches parent and workers alike, so a worker leaves it to the parent, and a SIGTERM to both is
    no second signal.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(service, channel))
    except asyncio.CancelledError:
        return 130
    except ConfigurationError as error:
        channel.sendall(FAILED + error.message.encode())
        return 2
    return 0


async def _serve(service: AbstractAsyncContextManager[object], channel: socket.socket) -> None:
    loop, stop, this = asyncio.get_running_loop(), asyncio.Event(), asyncio.current_task()

    def told() -> None:
        words = channel.recv(16)
        if not words:
            loop.remove_reader(channel)
        stop.set()
        if END in words and this is not None:
            this.cancel()

    channel.setblocking(False)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_reader(channel, told)
    async with service:
        collect_rarely()
        channel.send(READY)
        await stop.wait()


def leave(code: int | None) -> None:
    """Ends the process after a fork, where Python's own exit would end what belongs to the parent; None for a fault."""
    if code is None:
        traceback.print_exc()
    flush_logs()
    sys.stderr.flush()
    os._exit(1 if code is None else code)
