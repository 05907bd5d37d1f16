"""How the gateway shows backends who it is."""

import asyncio
import ipaddress
import ssl
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.adapters import _auth
from gateway.adapters._api import Api
from gateway.adapters._auth import ClientCredentials
from gateway.adapters._client import BackendClient
from gateway.adapters._reply import Reply
from gateway.config import (
    ApiKeyAuth,
    BasicAuth,
    CallerTokenAuth,
    ClientCredentialsAuth,
    TlsSettings,
)
from gateway.domain.caller import CALLER, Caller
from gateway.errors import (
    BackendAccessDenied,
    BackendContractBroken,
    BackendFailed,
    BackendTimeout,
    BackendTlsFailed,
    BackendUnavailable,
    ConfigurationError,
)


class Thing(msgspec.Struct, frozen=True):
    """A record with nothing but an id."""

    id: str


async def get(client: BackendClient) -> Thing | None:
    """Reads one thing."""
    return await Api(client, "troubleTicket").get("/thing", "t", Thing)


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        (ApiKeyAuth(key="k-1"), "X-API-Key", "k-1"),
        (ApiKeyAuth(key="k-1", header="apikey"), "apikey", "k-1"),
        (BasicAuth(username="gw", password="p:ü"), "Authorization", f"Basic {b64encode('gw:p:ü'.encode()).decode()}"),
    ],
)
async def test_fixed_credentials(server: Any, connect: Any, auth: Any, header: str, value: str) -> None:
    """They go with every call."""
    server.rows["thing"] = [{"id": "t"}]
    async with connect("crm", auth=auth) as client:
        await get(client)
    assert server.seen[0].headers[header] == value


async def test_the_callers_token(server: Any, connect: Any) -> None:
    """Each call carries the token of its own request."""
    server.rows["thing"] = [{"id": "t"}]
    async with connect("crm", auth=CallerTokenAuth()) as client:
        for token in ("one", "two"):
            before = CALLER.set(Caller("r", token))
            await get(client)
            CALLER.reset(before)
    assert [seen.headers["Authorization"] for seen in server.seen] == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize("caller", [None, Caller("r", None)])
async def test_no_token_of_a_caller_is_no_call(server: Any, connect: Any, caller: Caller | None) -> None:
    """Nothing is sent without the token that the backend wants."""
    before = CALLER.set(caller)
    async with connect("crm", auth=CallerTokenAuth()) as client:
        with pytest.raises(BackendAccessDenied, match="caller's token"):
            await get(client)
    CALLER.reset(before)
    assert server.seen == []


class Issuer:
    """A token endpoint, and a resource that wants its tokens."""

    def __init__(self, server: Any, **answer: Any) -> None:
        self.server = server
        self.answer = {"expires_in": 3600, **answer}
        self.issued = 0
        self.forms: list[dict[str, str]] = []
        self.refused: set[str] = set()
        server.answer = self.handle

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Issues tokens t1, t2, …; the resource takes them but those in `refused`."""
        if request.path == "/token":
            self.issued += 1
            self.forms.append(dict(parse_qsl((await request.read()).decode())))
            return web.json_response({"access_token": f"t{self.issued}", **self.answer})
        token = request.headers["Authorization"].removeprefix("Bearer ")
        return web.json_response({"id": token}, status=401 if token in self.refused else 200)

    @property
    def auth(self) -> ClientCredentialsAuth:
        """The settings that use it."""
        return ClientCredentialsAuth(f"{self.server.url}/token", "gate:way", "s3cret/é", "tmf")


async def test_client_credentials(server: Any, connect: Any) -> None:
    """One token serves all calls; the client's id and secret are form-encoded in the basic header."""
    issuer = Issuer(server)
    async with connect("crm", auth=issuer.auth) as client:
        assert await get(client) == Thing("t1")
        assert await get(client) == Thing("t1")
    assert issuer.forms == [{"grant_type": "client_credentials", "scope": "tmf"}]
    assert server.seen[0].headers["Authorization"] == f"Basic {b64encode(b'gate%3Away:s3cret%2F%C3%A9').decode()}"


async def test_one_token_request_for_many_calls(server: Any, connect: Any) -> None:
    """Calls that start together wait for one token, even when the first of them is cancelled."""
    issuer = Issuer(server)
    async with connect("crm", auth=issuer.auth) as client:
        calls = [asyncio.create_task(get(client)) for _ in range(20)]
        await asyncio.sleep(0)
        calls[0].cancel()
        answers = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [Thing("t1")] * 19
    assert issuer.issued == 1


async def test_a_refused_token_is_renewed_once(server: Any, connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that was revoked early costs one more try, and only one."""
    monkeypatch.setattr(_auth, "RENEW_SECONDS", 0.0)
    issuer = Issuer(server)
    issuer.refused = {"t1"}
    async with connect("crm", auth=issuer.auth) as client:
        assert await get(client) == Thing("t2")
        issuer.refused = {"t2", "t3", "t4"}
        with pytest.raises(BackendAccessDenied):
            await get(client)
    assert issuer.issued == 3


async def test_a_new_token_that_is_refused(server: Any, connect: Any) -> None:
    """A backend that takes none of our tokens costs no further token for each call."""
    issuer = Issuer(server)
    issuer.refused = {"t1", "t2", "t3", "t4"}
    async with connect("crm", auth=issuer.auth) as client:
        for _ in range(3):
            with pytest.raises(BackendAccessDenied):
                await get(client)
    assert issuer.issued == 1
    assert len(server.seen) == 4


def soon() -> float:
    """Time enough, in the event loop's."""
    return asyncio.get_running_loop().time() + 5


async def test_a_token_that_does_not_come_in_time(server: Any, connect: Any) -> None:
    """Costs a call its own time and no more; whoever has more time waits on for the same token."""
    issuer = Issuer(server)
    release = asyncio.Event()
    answer = server.answer

    async def slowly(request: web.BaseRequest) -> web.StreamResponse:
        if "token" in request.path:
            await release.wait()
        response: web.StreamResponse = await answer(request)
        return response

    server.answer = slowly
    async with connect("crm", auth=issuer.auth, timeout_seconds=5) as client:
        patient = asyncio.create_task(get(client))
        await asyncio.sleep(0.05)
        CALLER.set(Caller("r-1", None, until=asyncio.get_running_loop().time() + 0.1))
        with pytest.raises(BackendTimeout, match="token"):
            await get(client)
        release.set()
        assert await patient == Thing("t1")
    assert issuer.issued == 1


async def test_renewing_a_token() -> None:
    """One of 10 s or more is given up; one that was replaced meanwhile leaves the newer one alone."""
    clock, issued = [0.0], 0

    async def post(_url: str, _headers: Any, _body: bytes) -> Reply:
        nonlocal issued
        issued += 1
        return Reply(200, b'{"access_token": "t%d", "expires_in": "3600"}' % issued)

    credentials = ClientCredentials(ClientCredentialsAuth("u", "i", "s"), "crm", post, lambda: clock[0])
    first = await credentials.headers(soon())
    clock[0] = 9.9
    assert credentials.renew(first) is False
    clock[0] = 10.0
    assert credentials.renew(first) is True
    second = await credentials.headers(soon())
    assert credentials.renew(first) is True
    assert credentials.renew(second) is False
    assert await credentials.headers(soon()) == second == {"Authorization": "Bearer t2"}


@pytest.mark.parametrize("expires_in", [3600, 3600.0, "3600", None])
async def test_a_lifetime_may_be_text(server: Any, connect: Any, expires_in: object) -> None:
    """Some servers write numbers as text, or leave this one out."""
    issuer = Issuer(server, expires_in=expires_in)
    async with connect("crm", auth=issuer.auth) as client:
        assert await get(client) == Thing("t1")
        assert await get(client) == Thing("t1")
    assert issuer.issued == 1


async def test_tokens_end_before_they_expire() -> None:
    """A token is used until 30 s before its end; a short one until a tenth before."""
    clock, issued, found = [0.0], 0, []

    async def post(_url: str, _headers: Any, _body: bytes) -> Reply:
        nonlocal issued
        issued += 1
        return Reply(200, b'{"access_token": "t%d", "expires_in": %d}' % (issued, 600 if issued == 1 else 10))

    credentials = ClientCredentials(ClientCredentialsAuth("u", "i", "s"), "crm", post, lambda: clock[0])
    for clock[0] in (0.0, 569.0, 570.0, 578.9, 579.0):
        found.append((await credentials.headers(soon()))["Authorization"])
    assert found == ["Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2", "Bearer t3"]


@pytest.mark.parametrize(
    ("status", "body", "ours"),
    [
        (400, b'{"error": "invalid_client", "error_description": "CANARY"}', BackendAccessDenied),
        (401, b"CANARY", BackendAccessDenied),
        (503, b"CANARY", BackendFailed),
        (200, b"<html>CANARY", BackendContractBroken),
        (200, b'{"access_token": 7}', BackendContractBroken),
        (200, b'{"access_token": "t", "expires_in": "CANARY"}', BackendContractBroken),
    ],
)
async def test_no_token(server: Any, connect: Any, status: int, body: bytes, ours: type[Exception]) -> None:
    """What the token endpoint says is never passed on, and the next call asks again."""

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.Response(status=status, body=body)

    server.answer = answer
    async with connect("crm", auth=ClientCredentialsAuth(f"{server.url}/token", "i", "s")) as client:
        for _ in range(2):
            with pytest.raises(ours) as caught:
                await get(client)
            assert "CANARY" not in str(caught.value)
    assert [seen.method for seen in server.seen] == ["POST", "POST"]


async def test_a_token_endpoint_that_is_down(connect: Any) -> None:
    """It is the backend that is unavailable; the message says where to look."""
    async with connect("crm", auth=ClientCredentialsAuth("http://127.0.0.1:9/token", "i", "s")) as client:
        with pytest.raises(BackendUnavailable) as caught:
            await get(client)
    assert caught.value.message == (
        "The token endpoint of the crm backend (backends.crm.auth.token_url) cannot be reached: it takes no connection."
    )


class Pki(msgspec.Struct, frozen=True):
    """PEM files: an authority, and a certificate of it for 127.0.0.1 that serves both ends."""

    authority: str
    certificate: str
    key: str


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """A fresh authority."""
    folder = tmp_path_factory.mktemp("pki")
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)

    def certificate(subject: x509.Name, public: Any, *extensions: tuple[x509.ExtensionType, bool]) -> bytes:
        builder = x509.CertificateBuilder(root, subject, public, x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    key_usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    authority_id = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    files = {
        "authority.pem": certificate(
            root,
            root_key.public_key(),
            (x509.BasicConstraints(True, None), True),
            (key_usage, True),
            (authority_id, False),
        ),
        "certificate.pem": certificate(
            name,
            key.public_key(),
            (names, False),
            (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_id), False),
        ),
        "key.pem": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    }
    for file, content in files.items():
        (folder / file).write_bytes(content)
    return Pki(*(str(folder / file) for file in files))


async def over_tls(connect: Any, pki: Pki, tls: TlsSettings, *, ask_for_certificate: bool) -> Thing | None:
    """Reads a thing from a server with the certificate of `pki`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=pki.authority)
    context.load_cert_chain(pki.certificate, pki.key)
    context.verify_mode = ssl.CERT_REQUIRED if ask_for_certificate else ssl.CERT_NONE

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.json_response({"id": "t"})

    server = RawTestServer(answer, scheme="https", host="127.0.0.1")
    await server.start_server(ssl=context)
    try:
        async with connect("crm", url=f"https://127.0.0.1:{server.port}", tls=tls) as client:
            return await get(client)
    finally:
        await server.close()


async def test_an_authority_of_our_own(connect: Any, pki: Pki) -> None:
    """A backend's certificate holds when the settings name its authority."""
    assert await over_tls(connect, pki, TlsSettings(ca_file=pki.authority), ask_for_certificate=False) == Thing("t")


async def test_an_unknown_authority(connect: Any, pki: Pki, logged: list[dict[str, Any]]) -> None:
    """Without it, nothing is read from that backend; the log says which host it was and why."""
    with pytest.raises(BackendTlsFailed, match="certificate"):
        await over_tls(connect, pki, TlsSettings(), ask_for_certificate=False)
    (line,) = [line for line in logged if line["event"] == "backend_tls_failed"]
    assert line["host"] in ("127.0.0.1", "localhost")
    assert "certificate" in line["reason"]


async def test_our_own_certificate(connect: Any, pki: Pki) -> None:
    """A backend that asks for one gets it."""
    tls = TlsSettings(pki.authority, pki.certificate, pki.key)
    assert await over_tls(connect, pki, tls, ask_for_certificate=True) == Thing("t")


async def test_no_certificate_of_our_own(connect: Any, pki: Pki) -> None:
    """A backend that asks for one in vain closes the connection, with or without saying why."""
    with pytest.raises((BackendTlsFailed, BackendUnavailable)):
        await over_tls(connect, pki, TlsSettings(ca_file=pki.authority), ask_for_certificate=True)


@pytest.mark.parametrize("setting", ["ca_file", "certificate_file"])
async def test_tls_files_stop_the_start(connect: Any, tmp_path: Path, setting: str) -> None:
    """A file that is missing or no PEM is named by its setting."""
    (tmp_path / "bad.pem").write_text("not a certificate")
    for file, reason in (("none.pem", "cannot be read"), ("bad.pem", "is no usable PEM file")):
        with pytest.raises(ConfigurationError, match=rf"^backends\.crm\.tls\.{setting}: {reason}"):
            async with connect("crm", tls=TlsSettings(**{setting: str(tmp_path / file)})):
                pass


async def test_a_key_without_a_certificate(connect: Any) -> None:
    """Half of the two files is a mistake."""
    with pytest.raises(ConfigurationError, match=r"^backends\.crm\.tls\.key_file: goes with a certificate"):
        async with connect("crm", tls=TlsSettings(key_file="key.pem")):
            pass
