"""The simulated identity provider: tokens, keys, discovery, client credentials."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import aiohttp
import jwt
import pytest

from gateway.simulator.backends import SimulatedBackends
from gateway.simulator.clock import SimulatedClock
from gateway.simulator.identity import AUDIENCE, ISSUER, Identity
from tests.simulator.asked import Answer, asked

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
DISCOVERY = "/.well-known/openid-configuration"
FORM = {"grant_type": "client_credentials", "client_id": "user_admin", "client_secret": "demo"}


def identity(seed: int = 1) -> Identity:
    """A provider whose clock stands at NOW, or a moment later."""
    return Identity(seed, clock=lambda: NOW)


def read(token: str, keys: dict[str, Any]) -> dict[str, Any]:
    """The claims, if the token is signed by the one key of the set; times are not looked at."""
    (key,) = jwt.PyJWKSet.from_dict(keys).keys
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "typ": "JWT", "kid": key.key_id}
    return jwt.decode(
        token, key, ["ES256"], audience=AUDIENCE, issuer=ISSUER, options={"verify_exp": False, "verify_iat": False}
    )


def test_a_token_of_a_company() -> None:
    """Role and company are claims; it lasts for 24 hours."""
    claims = read(identity().token("USER_ADMIN", "org-0001"), identity().jwks())
    assert claims == {
        "iss": "urn:telco-simulator",
        "aud": "telco-gateway",
        "sub": "user_admin@org-0001",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 86400,
        "role": "USER_ADMIN",
        "company_id": "org-0001",
    }


def test_a_token_of_an_operator() -> None:
    """An operator has no company; scopes are one text; hours may be negative, for a token that has expired."""
    token = identity().token("OPERATOR", scopes=["lines:read", "sims:codes"], hours=-0.5)
    claims = read(token, identity().jwks())
    assert "company_id" not in claims
    assert claims["scope"] == "lines:read sims:codes"
    assert claims["exp"] == int(NOW.timestamp()) - 1800


def test_claims_can_be_replaced() -> None:
    """So that tests can make tokens that a gateway must refuse."""
    claims = read(identity().token("OPERATOR", sub="somebody", extra=1), identity().jwks())
    assert (claims["sub"], claims["extra"]) == ("somebody", 1)


def test_keys_come_from_the_seed() -> None:
    """Tokens survive a restart with the same seed, and not one with another."""
    assert identity(7).jwks() == identity(7).jwks()
    read(identity(7).token("OPERATOR"), identity(7).jwks())
    other_keys = identity(2).jwks() | {"keys": [identity(2).jwks()["keys"][0] | {"kid": "simulator-1"}]}
    with pytest.raises(jwt.InvalidSignatureError):
        read(identity(1).token("OPERATOR"), other_keys)


def test_the_private_key_is_not_published() -> None:
    """The key set has the public half alone."""
    (key,) = identity().jwks()["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert (key["kty"], key["crv"], key["use"], key["alg"], key["kid"]) == (
        "EC",
        "P-256",
        "sig",
        "ES256",
        "simulator-1",
    )


def test_time_is_the_clock_s() -> None:
    """A token is issued at the simulated time."""
    clock = SimulatedClock(NOW)
    clock.advance(3600)
    claims = read(Identity(1, clock=clock).token("OPERATOR"), identity().jwks())
    assert claims["iat"] >= int(NOW.timestamp()) + 3600


@pytest.mark.asyncio(loop_scope="module")
async def test_discovery_leads_to_keys_and_tokens(backends: SimulatedBackends, client: aiohttp.ClientSession) -> None:
    """The configuration's addresses are those of the CRM's server, and what they give fits together."""
    configuration = (await asked(client, f"{backends.crm}{DISCOVERY}")).json
    assert configuration["issuer"] == backends.identity.issuer
    assert configuration["jwks_uri"].startswith(f"{backends.crm}/")
    keys = (await asked(client, configuration["jwks_uri"])).json
    assert keys == backends.identity.jwks()
    answer = await asked(client, configuration["token_endpoint"], method="POST", form=FORM)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 86400)
    assert read(answer.json["access_token"], keys)["company_id"] == "org-0001"


async def token(
    backends: SimulatedBackends, client: aiohttp.ClientSession, form: dict[str, str], authorization: str | None = None
) -> Answer:
    """The token endpoint's answer."""
    headers = {} if authorization is None else {"Authorization": authorization}
    return await asked(client, f"{backends.crm}/oauth2/token", method="POST", form=form, headers=headers)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("client_id", "role", "company"),
    [
        ("user_admin", "USER_ADMIN", "org-0001"),
        ("telco_manager", "TELCO_MANAGER", "org-0001"),
        ("operator", "OPERATOR", None),
        ("other_company_admin", "USER_ADMIN", "org-0002"),
    ],
)
@pytest.mark.parametrize("by_header", [True, False])
async def test_clients(
    backends: SimulatedBackends,
    client: aiohttp.ClientSession,
    client_id: str,
    role: str,
    company: str | None,
    by_header: bool,
) -> None:
    """Each client has its role and company, whether its secret comes in the header or in the form."""
    if by_header:
        basic = b64encode(f"{client_id.replace('_', '%5F')}:demo".encode()).decode()
        answer = await token(backends, client, {"grant_type": "client_credentials"}, f"Basic {basic}")
    else:
        answer = await token(backends, client, FORM | {"client_id": client_id})
    claims = read(answer.json["access_token"], backends.identity.jwks())
    assert (claims["role"], claims.get("company_id")) == (role, company)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("form", "authorization", "status", "error"),
    [
        ({**FORM, "client_secret": "wrong"}, None, 401, "invalid_client"),
        ({**FORM, "client_id": "nobody"}, None, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, None, 401, "invalid_client"),
        (FORM, "Basic !", 401, "invalid_client"),
        (FORM, "Basic /w==", 401, "invalid_client"),
        (FORM, f"Bearer {b64encode(b'user_admin:demo').decode()}", 401, "invalid_client"),
        ({**FORM, "grant_type": "password"}, None, 400, "unsupported_grant_type"),
        ({"client_id": "user_admin", "client_secret": "demo"}, None, 400, "invalid_request"),
    ],
)
async def test_refusals(
    backends: SimulatedBackends,
    client: aiohttp.ClientSession,
    form: dict[str, str],
    authorization: str | None,
    status: int,
    error: str,
) -> None:
    """Errors are those of OAuth 2, as JSON; who is not known is asked for credentials."""
    answer = await token(backends, client, form, authorization)
    assert (answer.status, answer.json["error"]) == (status, error)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", [DISCOVERY, "/oauth2/jwks"])
async def test_only_the_crm_is_the_issuer(
    backends: SimulatedBackends, client: aiohttp.ClientSession, path: str
) -> None:
    """The other servers have no identity endpoints."""
    for url in (backends.billing, backends.provisioning):
        assert (await asked(client, f"{url}{path}")).status == 404
