"""The command line as tests run it: a process, and a configuration behind which there is nothing."""

import sys
import time
from collections.abc import Callable

COMMAND = [sys.executable, "-c", "from gateway.cli import main; main()"]
PATIENCE_SECONDS = 60

NOTHING_BEHIND = """
[identity]
issuer = "https://id.test"
jwks_url = "http://127.0.0.1:1/jwks"
[backends.billing]
url = "http://127.0.0.1:1"
[backends.provisioning]
url = "http://127.0.0.1:1"
[backends.crm]
url = "http://127.0.0.1:1"
"""
"""An issuer and backends that refuse every connection."""


def wait_until(happened: Callable[[], bool]) -> None:
    """Returns as soon as it is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)
