"""The file by which a script learns that everything answers, and where."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gateway.errors import ConfigurationError


@contextmanager
def ready_file(path: Path | None) -> Iterator[None]:
    """While inside, the file may exist; one left by an earlier run is removed first, ours at the end."""
    if path is None:
        yield
        return
    if not path.parent.is_dir():
        raise ConfigurationError(f"--ready-file: the folder {path.parent} does not exist.")
    path.unlink(missing_ok=True)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def write_ready_file(path: Path | None, ready: object) -> None:
    """Holds `ready` as JSON; appears whole or not at all, readable by its owner only: it holds tokens."""
    if path is None:
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(ready)))
    unfinished.replace(path)
