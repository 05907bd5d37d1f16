"""Files that a command writes its results to: whether they can be written is said before the work, not after it."""

import os
from pathlib import Path

from gateway.errors import ConfigurationError


def check_writable(option: str, path: Path | None) -> None:
    """ConfigurationError names the option whose file cannot be written; None is no file."""
    if path is None:
        return
    folder = path.absolute().parent
    if path.is_dir():
        raise ConfigurationError(f"{option}: {path} is a folder; name a file.")
    if not folder.is_dir():
        raise ConfigurationError(f"{option}: the folder {path.parent} does not exist.")
    try:
        if path.is_file():
            path.open("ab").close()
            return
    except OSError as error:
        raise ConfigurationError(f"{option}: {path} cannot be written ({error.strerror}).") from None
    if not path.exists() and not os.access(folder, os.W_OK):
        raise ConfigurationError(f"{option}: nothing can be written to the folder {path.parent}; name another.")


def write_result(option: str, path: Path, text: str) -> None:
    """Writes it; ConfigurationError names the option where even so it fails, as on a disk that is full."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigurationError(f"{option}: {path} cannot be written ({error.strerror}).") from None
