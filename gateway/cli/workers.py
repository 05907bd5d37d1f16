"""Several processes that serve one port: their parent starts, watches and ends them, and serves nothing itself."""

import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress

import structlog

from gateway.cli.worker import DRAIN, END, FAILED, READY, leave, work
from gateway.errors import ConfigurationError
from gateway.log import flush_logs

log = structlog.get_logger()

SIGNALS = {signal.SIGINT, signal.SIGTERM}
RESTART_PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 5.0
"""How much longer than its time to end a worker may take before it is killed."""

Service = Callable[[socket.socket], AbstractAsyncContextManager[object]]
"""What a worker serves on the socket that it is given."""


class _Worker:
    """A process, the socket on which it serves, and the channel over which it and its parent speak."""

    def __init__(self, pid: int, listener: socket.socket, channel: socket.socket) -> None:
        self.pid = pid
        self.listener = listener
        self.channel = channel
        self.said = b""

    def tell(self, words: bytes) -> None:
        """Nothing happens where the worker is gone already."""
        with suppress(OSError):
            self.channel.send(words)


class Workers:
    """One worker for each listener. The listeners are the parent's, so connections that a worker had not yet accepted
    when it died wait for its successor. `ending_seconds` is what a worker takes at most to end by itself."""

    def __init__(
        self,
        service: Service,
        listeners: Sequence[socket.socket],
        *,
        on_ready: Callable[[], None],
        ending_seconds: float,
    ) -> None:
        self._service = service
        self._to_start = [(0.0, listener) for listener in listeners]
        self._on_ready = on_ready
        self._ending_seconds = ending_seconds
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._is_ready = False
        self._failure: str | None = None
        self._signals_seen = 0
        self._killed_at: float | None = None
        """When workers that still run are killed; None as long as they are to serve."""

    def run(self) -> int:
        """Serves until SIGINT or SIGTERM, which all workers get time to drain after; the second ends them at once.

        The exit code: 0, or 130 after a second signal. A worker that ends meanwhile is replaced after a pause; one
        that cannot even start the first time ends all, and ConfigurationError says why.
        """
        with self._watched_signals():
            while self._workers or self._killed_at is None:
                self._start_those_due()
                for key, _ in self._selector.select(self._seconds_to_wait()):
                    key.data()
                self._kill_those_late()
        if self._failure is not None:
            raise ConfigurationError(self._failure)
        return 130 if self._signals_seen > 1 else 0

    @contextmanager
    def _watched_signals(self) -> Iterator[None]:
        """Signals arrive as bytes on a socket that the selector waits for."""
        heard, rung = socket.socketpair()
        with heard, rung:
            for each in (heard, rung):
                each.setblocking(False)
            signal.set_wakeup_fd(rung.fileno(), warn_on_full_buffer=False)
            try:
                for number in SIGNALS:
                    signal.signal(number, lambda *_: None)
                self._selector.register(heard, selectors.EVENT_READ, lambda: self._signalled(heard))
                yield
            finally:
                signal.set_wakeup_fd(-1)

    def _signalled(self, heard: socket.socket) -> None:
        for number in heard.recv(64):
            if number in SIGNALS:
                self._signals_seen += 1
                self._end(DRAIN if self._signals_seen == 1 else END)

    def _end(self, word: bytes) -> None:
        self._killed_at = time.monotonic() + self._ending_seconds + PATIENCE_SECONDS
        for _, listener in self._to_start:
            listener.close()
        self._to_start = []
        for worker in self._workers:
            worker.listener.close()
            worker.tell(word)

    def _start_those_due(self) -> None:
        """One at a time, for each worker closes the listeners of those that are still to start."""
        now = time.monotonic()
        while due := [each for each in self._to_start if each[0] <= now]:
            self._to_start.remove(due[0])
            self._start(due[0][1])

    def _start(self, listener: socket.socket) -> None:
        flush_logs()  # or the worker would write those lines too
        ours, theirs = socket.socketpair()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # a signal now would be taken for the parent's
        pid = os.fork()
        if pid == 0:
            ours.close()
            self._become_worker(listener, theirs)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        theirs.close()
        worker = _Worker(pid, listener, ours)
        self._workers.append(worker)
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._heard(worker))

    def _become_worker(self, listener: socket.socket, channel: socket.socket) -> None:
        """Leaves behind what is the parent's, and never returns."""
        code = None
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            self._selector.close()
            for other in self._workers:
                other.channel.close()
                other.listener.close()
            for _, other_listener in self._to_start:
                other_listener.close()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            code = work(self._service(listener), channel)
        finally:
            leave(code)

    def _heard(self, worker: _Worker) -> None:
        try:
            words = worker.channel.recv(4096)
        except ConnectionResetError:
            words = b""
        worker.said += words
        if not words:
            self._ended(worker)
        elif not self._is_ready and not self._to_start and all(each.said == READY for each in self._workers):
            self._is_ready = True
            self._on_ready()

    def _ended(self, worker: _Worker) -> None:
        self._selector.unregister(worker.channel)
        worker.channel.close()
        self._workers.remove(worker)
        exit_code = os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1])
        if self._killed_at is not None:
            return
        reason = worker.said.removeprefix(READY).removeprefix(FAILED).decode()
        if self._is_ready:
            log.error(
                "worker_ended", exit_code=exit_code, reason=reason or None, again_in_seconds=RESTART_PAUSE_SECONDS
            )
            self._to_start.append((time.monotonic() + RESTART_PAUSE_SECONDS, worker.listener))
        else:
            self._failure = reason or f"server.workers: one ended with {exit_code} before it served; its log says why."
            worker.listener.close()
            self._end(DRAIN)

    def _seconds_to_wait(self) -> float | None:
        times = [at for at, _ in self._to_start] + ([] if self._killed_at is None else [self._killed_at])
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _kill_those_late(self) -> None:
        if self._killed_at is not None and time.monotonic() >= self._killed_at:
            for worker in self._workers:
                os.kill(worker.pid, signal.SIGKILL)
