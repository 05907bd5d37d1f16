"""Three backends that cost next to nothing: nginx, with one company's TM Forum answers as files."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from bench.answers import COMPANY_ID, Document, answers

PRODUCTS = "/tmf-api/productInventory/v4/product"
USAGE = "/tmf-api/usageConsumption/v4/queryUsageConsumption"
FILES = {
    f"/tmf-api/party/v4/organization/{COMPANY_ID}": "organization",
    "/tmf-api/customerManagement/v4/customer": "customers",
    PRODUCTS: "$products",
    "/tmf-api/resourceInventoryManagement/v4/resource": "sims",
    "/tmf-api/prepayBalanceManagement/v4/bucket": "buckets",
    "/tmf-api/customerBillManagement/v4/customerBill": "bills",
    "/tmf-api/troubleTicket/v4/troubleTicket": "tickets",
    "/jwks": "jwks",
}
"""Path -> name of its answer. The company has one answer to each, whatever the filters say, except to products."""


@contextmanager
def static_backends(directory: Path, port: int, jwks: Document) -> Iterator[str]:
    """nginx on loopback with everything the reference queries need; yields the base URL of all three backends."""
    directory.chmod(0o755)  # started by root, nginx reads its files as somebody else
    for name, document in answers(jwks).items():
        (directory / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False))
    configuration = directory / "nginx.conf"
    configuration.write_text(nginx_configuration(directory, port))
    process = subprocess.Popen(["nginx", "-p", str(directory), "-e", "error.log", "-c", str(configuration)])
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_it_answers(f"{url}/jwks", process)
        yield url
    finally:
        process.terminate()
        process.wait()


def nginx_configuration(directory: Path, port: int) -> str:
    """One worker, no logs; any path or product list without a file of its own is 404."""
    locations = "\n".join(f"location = {path} {{ try_files /{name}.json =404; }}" for path, name in FILES.items())
    temporary = "\n".join(
        f"{kind}_temp_path {directory / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
daemon off;
worker_processes 1;
pid {directory / "nginx.pid"};
events {{ worker_connections 1024; }}
http {{
{temporary}
access_log off;
default_type application/json;
keepalive_requests 1000000000;
keepalive_timeout 600s;
open_file_cache max=100;
open_file_cache_valid 600s;
# Three lists of products: the lines of the customer, and options and packages by their ids.
map $args $products {{
  "~^id=opt-" options;
  "~^id=gss-" packages;
  "~productSpecification.name=MobileLine" lines;
}}
server {{
listen 127.0.0.1:{port};
root {directory};
{locations}
# nginx posts to no file: what it would refuse is answered with one.
location = {USAGE} {{ error_page 405 =201 /usage.json; return 405; }}
location = /usage.json {{ }}
location / {{ return 404; }}
}}
}}
"""


def wait_until_it_answers(url: str, process: subprocess.Popen[Any], seconds: float = 10.0) -> None:
    """Returns when the URL gives 200; RuntimeError when the process ends before, or the time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urlopen(url):
                return
        except URLError:
            time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer")
