"""A backend whose certificate does not hold."""

import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.command import wait_until
from tests.faults.stage import VICTIM, Stage
from tests.faults.test_bad_days import parts


class Silent(BaseHTTPRequestHandler):
    """Says nothing, least of all in the test's output."""

    seen = 0

    def do_GET(self) -> None:
        """Counts: nothing may come here."""
        type(self).seen += 1
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def https_url(tmp_path: Path) -> Iterator[str]:
    """A server with a certificate that it signed itself, for another host."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=other.example",
    ]
    command = ["openssl", *words, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = HTTPServer(("127.0.0.1", 0), Silent)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # refused handshakes are what is tested
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_certificate_that_does_not_hold(stage: Stage, https_url: str) -> None:
    """Nothing is sent to it; the client learns the kind of fault, the operator the host and the reason."""
    with stage.gateway(https_url) as gateway:
        has_part, has_others, codes, _ = parts(gateway)
        assert (has_part, has_others, codes) == (False, True, {"BACKEND_TLS_FAILED"})
        wait_until(lambda: bool(gateway.events("backend_tls_failed")))
        events = gateway.events("backend_tls_failed")
    assert {(event["backend"], event["host"]) for event in events} == {(VICTIM, "localhost")}
    assert "self-signed" in events[0]["reason"] or "self signed" in events[0]["reason"]
    assert Silent.seen == 0
