"""Runs a service until a signal: the first drains it, the second ends it at once, and nothing is left behind."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import typer

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(service: AbstractAsyncContextManager[T], on_ready: Callable[[T], None]) -> None:
    """Enters `service`, calls `on_ready` with what it yields, and leaves it on SIGINT or SIGTERM.

    Exits with code 130 when a second signal cut the leaving short.
    """
    try:
        _run(_until_signal(service, on_ready))
    except asyncio.CancelledError:
        raise typer.Exit(130) from None


async def _until_signal(service: AbstractAsyncContextManager[T], on_ready: Callable[[T], None]) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    this = asyncio.current_task()

    def signalled() -> None:
        if not stop.is_set():
            stop.set()
            return
        for each in SIGNALS:  # a third one is not ours to handle any more
            loop.remove_signal_handler(each)
        if this is not None:
            this.cancel()

    for each in SIGNALS:
        loop.add_signal_handler(each, signalled)
    async with service as ready:
        on_ready(ready)
        await stop.wait()


def _run(main: Coroutine[Any, Any, None]) -> None:
    if sys.platform == "win32":
        asyncio.run(main)
        return
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
