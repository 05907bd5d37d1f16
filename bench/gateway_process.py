"""The gateway as `telco-gateway serve` runs it, in a process of its own on one core."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.answers import COMPANY_ID, Document
from bench.cores import pin

ISSUER = "urn:telco-gateway:bench"
CONFIGURATION = """
log_level = "{log_level}"

[identity]
issuer = "{issuer}"
jwks_url = "{backends_url}/jwks"

[redis]
cache_url = "{redis_url}"

[server]
port = 0

[backends.billing]
url = "{backends_url}"

# As in the demo: the credit of all lines in one call, where a backend can do so.
[backends.billing.apis.prepayBalance]
batch_owners = "comma"

[backends.provisioning]
url = "{backends_url}"

[backends.crm]
url = "{backends_url}"
"""


class GatewaySettings(NamedTuple):
    """What differs from one measurement to another."""

    backends_url: str
    redis_url: str
    log_level: str


class Issuer(NamedTuple):
    """Whoever signs the token: its published keys, and a token of the company's administrator for one hour."""

    jwks: Document
    token: str


def new_issuer() -> Issuer:
    """An issuer with a key of its own."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "telco-gateway", "sub": "bench", "iat": now, "exp": now + 3600}
    viewer = {"role": "USER_ADMIN", "company_id": COMPANY_ID}
    token = jwt.encode(claims | viewer, key, algorithm="RS256", headers={"kid": "bench"})
    return Issuer({"keys": [{**public, "kid": "bench", "use": "sig", "alg": "RS256"}]}, token)


@contextmanager
def gateway_process(directory: Path, settings: GatewaySettings, cores: set[int]) -> Iterator[str]:
    """Yields the address to post queries to; RuntimeError with what the gateway said when it does not start."""
    configuration = directory / "gateway.toml"
    configuration.write_text(CONFIGURATION.format(issuer=ISSUER, **settings._asdict()))
    command = [sys.executable, "-c", "from gateway.cli import main; main()", "serve", "--config", str(configuration)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TELCO_GATEWAY_")}
    log = directory / "gateway.log"
    with log.open("w") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment)
    pin(process.pid, cores)
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        process.wait()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    """What the gateway says it serves, in its first line of output."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"the gateway did not start:\n{log.read_text()}")
    return line.split()[-1]
