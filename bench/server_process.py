"""A server in a process of its own: where it listens, what it costs."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.cores import pinned

TICKS = os.sysconf("SC_CLK_TCK")
STOP_SECONDS = 10


class ServerProcess:
    """A running server, its children included."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self._process = process
        self.url = url

    def cpu_seconds(self) -> float:
        """What it has used of processors since it started."""
        return sum(_cpu_seconds(pid) for pid in self._pids())

    def resident_bytes(self) -> int:
        """The resident memory of the largest of its processes."""
        return max(_resident_bytes(pid) for pid in self._pids())

    def require_running(self) -> None:
        """RuntimeError once it has ended."""
        if self._process.poll() is not None:
            raise RuntimeError(f"the server ended with {self._process.returncode}")

    def _pids(self) -> list[int]:
        self.require_running()
        found, children = [self._process.pid], _children()
        for pid in found:
            found.extend(children.get(pid, ()))
        return found


@contextmanager
def server_process(
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    cores: set[int] | None = None,
) -> Iterator[ServerProcess]:
    """Starts a server that ends its first line of output with its address; RuntimeError with its log if it doesn't."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TELCO_GATEWAY_")}
    with log.open("w") as stderr, pinned(cores or set()):
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=directory,
            env={**inherited, **(environment or {})},
        )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.strip():
            raise RuntimeError(f"{command[0]} did not start:\n{log.read_text()[-2000:]}")
        yield ServerProcess(process, line.split()[-1])
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _stat(pid: int) -> list[str]:
    """The fields after the name of the command, which may hold spaces."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu_seconds(pid: int) -> float:
    user, system = _stat(pid)[11:13]
    return (int(user) + int(system)) / TICKS


def _resident_bytes(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _children() -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int(_stat(int(entry.name))[1])
            except (OSError, IndexError):  # ended in the meantime
                continue
            children.setdefault(parent, []).append(int(entry.name))
    return children
