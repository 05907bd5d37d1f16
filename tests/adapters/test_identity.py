"""The issuer's keys: fetched when needed, kept, and served on while the issuer is down."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.adapters.identity import SigningKeys
from gateway.config import IdentitySettings, TlsSettings
from gateway.errors import ConfigurationError, IdentityUnavailable, Unauthenticated
from tests.store.conftest import until

EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


def jwk(kid: str | None, algorithm: str = "ES256", **members: Any) -> dict[str, Any]:
    """A public key as issuers publish it."""
    if algorithm == "ES256":
        document = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(EC_KEY.public_key()))
    else:
        document = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RSA_KEY.public_key()))
    return {**document, "use": "sig", "alg": algorithm, **({} if kid is None else {"kid": kid}), **members}


class Issuer:
    """Publishes `keys`, or fails with `status`; `now` is the time of the keys' holder."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.keys = [jwk("k1")]
        self.status = 200
        self.now = 0.0
        server.answer = self.answer

    async def answer(self, _request: web.BaseRequest) -> web.Response:
        """The key set."""
        return web.json_response({"keys": self.keys}, status=self.status)

    @property
    def asked(self) -> int:
        """How often it was asked."""
        return len(self.server.seen)

    @asynccontextmanager
    async def reader(self, **settings: Any) -> AsyncIterator[SigningKeys]:
        """A holder of its keys."""
        identity = IdentitySettings(issuer="urn:test", jwks_url=f"{self.server.url}/jwks", **settings)
        async with SigningKeys(identity, monotonic=lambda: self.now) as keys:
            yield keys


@pytest.fixture
def issuer(server: Any) -> Issuer:
    """An issuer with one key, k1."""
    return Issuer(server)


async def test_keys_are_fetched_once(issuer: Issuer) -> None:
    """Nothing is asked at the start; then one request serves everybody for ten minutes."""
    async with issuer.reader() as keys:
        assert issuer.asked == 0
        found = await asyncio.gather(*(keys.key("k1", "ES256") for _ in range(10)))
        issuer.now = 599.0
        await keys.key("k1", "ES256")
    assert {key.key_id for key in found} == {"k1"}
    assert issuer.asked == 1


async def test_a_key_verifies_a_token(issuer: Issuer) -> None:
    """What comes is what PyJWT takes."""
    token = jwt.encode({"sub": "x"}, EC_KEY, algorithm="ES256", headers={"kid": "k1"})
    async with issuer.reader() as keys:
        assert jwt.decode(token, await keys.key("k1", "ES256"), algorithms=["ES256"]) == {"sub": "x"}


async def test_old_keys_are_replaced_behind_the_answer(issuer: Issuer) -> None:
    """After ten minutes nobody waits: the old key is served and a fetch begins."""
    async with issuer.reader() as keys:
        await keys.key("k1", "ES256")
        issuer.keys, issuer.now = [jwk("k2")], 600.0
        assert (await keys.key("k1", "ES256")).key_id == "k1"
        await asyncio.sleep(0)  # the fetch has begun
        assert (await keys.key("k2", "ES256")).key_id == "k2"  # waits for the fetch that is under way
        with pytest.raises(Unauthenticated):
            await keys.key("k1", "ES256")
    assert issuer.asked == 2


async def test_a_new_key_is_found(issuer: Issuer) -> None:
    """A key the issuer has just begun to use is fetched at once, 10 s after the last fetch."""
    async with issuer.reader() as keys:
        await keys.key("k1", "ES256")
        issuer.keys, issuer.now = [jwk("k1"), jwk("k2")], 10.0
        assert (await keys.key("k2", "ES256")).key_id == "k2"
    assert issuer.asked == 2


async def test_unknown_keys_do_not_flood_the_issuer(issuer: Issuer) -> None:
    """Made-up key ids cost the issuer one request in 10 s."""
    async with issuer.reader() as keys:
        await keys.key("k1", "ES256")
        for issuer.now in (10.0, 11.0, 19.9, 20.0, 20.1):
            with pytest.raises(Unauthenticated, match="does not publish"):
                await keys.key("made-up", "ES256")
    assert issuer.asked == 3


async def test_the_issuer_is_down(issuer: Issuer) -> None:
    """Old keys serve on, tried again every 10 s; a key that is unknown stays so."""
    async with issuer.reader() as keys:
        await keys.key("k1", "ES256")
        issuer.status = 503
        for issuer.now in (700.0, 701.0, 709.9):
            assert (await keys.key("k1", "ES256")).key_id == "k1"
            await asyncio.sleep(0.01)
        assert issuer.asked == 2
        issuer.now = 720.0
        with pytest.raises(Unauthenticated):
            await keys.key("k2", "ES256")
        assert (await keys.key("k1", "ES256")).key_id == "k1"


def _is(keys: SigningKeys, state: str) -> bool:
    return keys.state() == state


async def test_what_is_known_of_the_issuer(issuer: Issuer) -> None:
    """Nothing before it is asked; that it fails, though its old keys serve on; that it is back."""
    async with issuer.reader() as keys:
        assert keys.state() == "unknown"
        for issuer.now, issuer.status, state in ((0.0, 200, "up"), (700.0, 503, "failing"), (720.0, 200, "up")):
            await keys.key("k1", "ES256")
            await until(partial(_is, keys, state))


@pytest.mark.parametrize(
    "keys", [[], [{"kty": "oct", "k": "c2VjcmV0", "kid": "k1", "use": "enc"}], "nonsense", None, [None]]
)
async def test_no_keys_at_all(issuer: Issuer, keys: Any) -> None:
    """Without any key no token can be checked: unavailable, not unauthenticated; it heals with the next request."""
    issuer.keys = keys
    async with issuer.reader() as reader:
        with pytest.raises(IdentityUnavailable) as caught:
            await reader.key("k1", "ES256")
        issuer.keys = [jwk("k1")]
        assert (await reader.key("k1", "ES256")).key_id == "k1"
    assert (caught.value.http_status, caught.value.retryable) == (503, True)


ODD_KEYS: list[Any] = [
    {"kty": "RSA", "alg": ["x"]},
    {"kty": "EC", "crv": []},
    {"kty": "OKP", "crv": "X25519", "x": "AA"},
    {"kid": "k0"},
    None,
    "k0",
]


async def test_odd_keys_among_good_ones(issuer: Issuer) -> None:
    """Whatever else an issuer publishes, its usable keys are used."""
    issuer.keys = [*ODD_KEYS, jwk("k1"), *ODD_KEYS]
    async with issuer.reader() as keys:
        assert (await keys.key("k1", "ES256")).key_id == "k1"


@pytest.mark.parametrize(
    ("status", "keys", "reason"),
    [
        (503, [jwk("k1")], "answered 503 instead of its keys."),
        (404, [jwk("k1")], "answered 404 instead of its keys."),
        (200, ODD_KEYS, "answered with something else than usable keys."),
        (200, "nonsense", "answered with something else than usable keys."),
    ],
)
async def test_why_there_are_no_keys(
    issuer: Issuer, logged: list[dict[str, Any]], status: int, keys: Any, reason: str
) -> None:
    """The log says what the issuer did."""
    issuer.status, issuer.keys = status, keys
    async with issuer.reader() as reader:
        with pytest.raises(IdentityUnavailable):
            await reader.key("k1", "ES256")
    assert logged == [
        {
            "event": "jwks_unavailable",
            "log_level": "warning",
            "reason": f"The issuer of tokens (identity.jwks_url) {reason}",
            "keys_kept": 0,
        }
    ]


async def test_an_issuer_that_was_never_there(logged: list[dict[str, Any]]) -> None:
    """A refused connection is unavailability."""
    async with SigningKeys(IdentitySettings(issuer="urn:test", jwks_url="http://127.0.0.1:9/jwks")) as keys:
        with pytest.raises(IdentityUnavailable):
            await keys.key("k1", "ES256")
    assert [event["reason"] for event in logged] == [
        "The issuer of tokens (identity.jwks_url) cannot be reached: it takes no connection."
    ]


async def test_an_authority_for_the_issuer(issuer: Issuer) -> None:
    """The issuer is met by its own TLS settings, named where they are wrong."""
    with pytest.raises(ConfigurationError, match=r"^identity\.tls\.ca_file: cannot be read"):
        async with issuer.reader(tls=TlsSettings(ca_file="/nowhere.pem")):
            pass


@pytest.mark.parametrize(
    ("kid", "algorithm"),
    [("k1", "RS256"), ("k1", "HS256"), ("k1", "none"), ("symmetric", "HS256"), ("encryption", "ES256"), ("", "ES256")],
)
async def test_a_key_serves_its_own_algorithm_only(issuer: Issuer, kid: str, algorithm: str) -> None:
    """The header of a token cannot choose another use of a key."""
    issuer.keys = [
        jwk("k1"),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "symmetric", "alg": "HS256"},
        jwk("encryption", use="enc"),
    ]
    async with issuer.reader() as keys:
        with pytest.raises(Unauthenticated):
            await keys.key(kid, algorithm)


async def test_an_algorithm_that_is_not_allowed(issuer: Issuer) -> None:
    """The settings say which algorithms hold."""
    issuer.keys = [jwk("k1"), jwk("r1", "RS256")]
    async with issuer.reader(algorithms=("RS256",)) as keys:
        assert (await keys.key("r1", "RS256")).key_id == "r1"
        with pytest.raises(Unauthenticated):
            await keys.key("k1", "ES256")


async def test_no_key_id(issuer: Issuer) -> None:
    """A token without `kid` is checked with the only key of its algorithm; with two there is no telling."""
    issuer.keys = [jwk(None), jwk("r1", "RS256"), jwk("r2", "RS256")]
    async with issuer.reader() as keys:
        assert (await keys.key(None, "ES256")).algorithm_name == "ES256"
        with pytest.raises(Unauthenticated):
            await keys.key(None, "RS256")
