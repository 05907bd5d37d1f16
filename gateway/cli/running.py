"""Runs a service until a signal: the first drains it, the second ends it at once, and nothing is left behind."""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

import typer

from gateway.cli.garbage import collect_rarely
from gateway.cli.ready_file import ready_file, write_ready_file

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(
    service: AbstractAsyncContextManager[T],
    text: Callable[[T], str],
    *,
    log_level: str,
    ready_path: Path | None = None,
) -> None:
    """Enters `service`, says what it yields, and leaves it on SIGINT or SIGTERM; logs go to stderr.

    What it yields is said on stdout, as `text`, and in the ready file. Exits with code 130 when a second signal cut
    the leaving short.
    """
    import uvloop

    from gateway.log import configure_logging

    def on_ready(ready: T) -> None:
        write_ready_file(ready_path, ready)
        typer.echo(text(ready))
        sys.stdout.flush()

    configure_logging(log_level, stream=sys.stderr)
    try:
        with ready_file(ready_path), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_until_signal(service, on_ready))
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
        collect_rarely()
        on_ready(ready)
        await stop.wait()
