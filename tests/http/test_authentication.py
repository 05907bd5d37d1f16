"""Bearer tokens: which hold, whose viewer they make, and what is said of those that do not hold."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.config import IdentitySettings
from gateway.domain.viewer import OWN_COMPANY, SCOPES_OF_ROLE, Role, Scope, Viewer
from gateway.errors import Unauthenticated
from gateway.http.authentication import Authenticator, bearer_token
from tests.http.sessions import RevokedSessions

pytestmark = pytest.mark.asyncio(loop_scope="module")

Token = Callable[..., str]
KID_IS_A_NUMBER = "eyJhbGciOiJFUzI1NiIsImtpZCI6N30.e30.YWFh"


@pytest.fixture(scope="module")
def authenticator(issuer: Any) -> Authenticator:
    """Reads the test issuer's tokens at the test's time."""
    return Authenticator(issuer.settings, issuer, lambda: issuer.now, RevokedSessions())


async def test_administrator(authenticator: Authenticator, token: Token) -> None:
    """A company's administrator has the scopes of the role, for that company."""
    assert await authenticator.viewer(token()) == Viewer("anna", Role.USER_ADMIN, "org-0001", OWN_COMPANY)


async def test_no_token(authenticator: Authenticator) -> None:
    """Without a token the viewer is anonymous."""
    assert (await authenticator.viewer(None)).is_anonymous


async def test_operator(authenticator: Authenticator, token: Token) -> None:
    """An operator belongs to no company, even if the token names one."""
    viewer = await authenticator.viewer(token(role="OPERATOR"))
    assert (viewer.company_id, viewer.scopes) == (None, SCOPES_OF_ROLE[Role.OPERATOR])


async def test_operator_scope_claim(authenticator: Authenticator, token: Token) -> None:
    """The scope claim of an operator adds the sight of personal data, never of SIM codes, and narrows nothing."""
    viewer = await authenticator.viewer(token(role="OPERATOR", scope="pii:read sim-codes:read openid"))
    assert viewer.scopes == SCOPES_OF_ROLE[Role.OPERATOR] | {Scope.PII_READ}


@pytest.mark.parametrize("claim", ["openid profile", ["email", "offline_access"], "address phone"])
async def test_words_of_openid_take_nothing_away(authenticator: Authenticator, token: Token, claim: object) -> None:
    """A claim of OpenID Connect's own words alone is not about this graph."""
    assert (await authenticator.viewer(token(scope=claim))).scopes == OWN_COMPANY


@pytest.mark.parametrize(
    ("claim", "scopes"),
    [
        ("invoice:read fleet:read openid", {Scope.INVOICE_READ}),
        (["line:read", "invoice:read"], {Scope.LINE_READ, Scope.INVOICE_READ}),
        ("invoices:read", set()),
        ("openid profile orders", set()),
        ("INVOICE:READ", set()),
        ("", set()),
        ([], set()),
    ],
)
@pytest.mark.parametrize("name", ["scope", "scp"])
async def test_scope_claim_narrows(
    authenticator: Authenticator, token: Token, name: str, claim: object, scopes: set[Scope]
) -> None:
    """The scope claim of anyone else leaves of the role's scopes those that it names, be it none."""
    assert (await authenticator.viewer(token(**{name: claim}))).scopes == scopes


async def test_scp_counts_only_without_the_scope_claim(authenticator: Authenticator, token: Token) -> None:
    """Where both claims stand, the one that the settings name counts."""
    viewer = await authenticator.viewer(token(scope="line:read", scp="invoice:read"))
    assert viewer.scopes == {Scope.LINE_READ}


@pytest.mark.parametrize("role", ["JANITOR", ["USER_ADMIN"], None, 1])
async def test_unknown_role(authenticator: Authenticator, token: Token, role: object) -> None:
    """A role the settings do not map may do nothing."""
    viewer = await authenticator.viewer(token(role=role))
    assert (viewer.role, viewer.scopes) == (Role.UNKNOWN, frozenset())


async def test_mapped_claims(issuer: Any, token: Token) -> None:
    """Role, company and scopes are read from the claims the settings name, the role through their table of roles."""
    settings = IdentitySettings(
        issuer=issuer.settings.issuer,
        jwks_url="",
        role_claim="group",
        company_claim="org",
        scope_claim="permissions",
        roles={"bosses": "TELCO_MANAGER"},
    )
    viewer = await Authenticator(settings, issuer, lambda: issuer.now, RevokedSessions()).viewer(
        token(group="bosses", org="org-7", permissions=["line:read"], scope="invoice:read")
    )
    assert viewer == Viewer("anna", Role.TELCO_MANAGER, "org-7", frozenset({Scope.LINE_READ}))


@pytest.mark.parametrize("claims", [{"exp": 253402300799}, {"iat": -62135596800}, {"nbf": -62135596800.0}])
async def test_times_at_the_edges(authenticator: Authenticator, token: Token, claims: dict[str, Any]) -> None:
    """The first and the last second that have a date are times like any other."""
    assert (await authenticator.viewer(token(**claims))).subject == "anna"


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"exp": 1_000_000_000}, "The token expired at 2001-09-09T01:46:40+00:00."),
        ({"exp": None}, "The token has no claim `exp`."),
        ({"exp": 1_000_000_000.5}, "The token expired at 2001-09-09T01:46:40.500000+00:00."),
        ({"exp": -62135596800}, "The token expired at 0001-01-01T00:00:00+00:00."),
        ({"exp": 1e30}, "The token's claim `exp` is not a time."),
        ({"exp": 253402300800}, "The token's claim `exp` is not a time."),
        ({"exp": 10**400}, "The token's claim `exp` is not a time."),
        ({"exp": float("nan")}, "The token's claim `exp` is not a time."),
        ({"exp": float("inf")}, "The token's claim `exp` is not a time."),
        ({"exp": "2030-01-01"}, "The token's claim `exp` is not a time."),
        ({"iat": float("-inf")}, "The token's claim `iat` is not a time."),
        ({"iat": -(10**400)}, "The token's claim `iat` is not a time."),
        ({"nbf": 253402300799}, "The token is not valid before 9999-12-31T23:59:59+00:00."),
        ({"nbf": {}}, "The token's claim `nbf` is not a time."),
        ({"scope": 7}, "The token's claim `scope` is neither a string nor a list of strings."),
        ({"scope": ["line:read", 7]}, "The token's claim `scope` is neither a string nor a list of strings."),
        ({"scp": {}}, "The token's claim `scp` is neither a string nor a list of strings."),
        ({"nbf": 1_900_000_000}, "The token is not valid before 2030-03-17T17:46:40+00:00."),
        ({"iat": 1_900_000_000}, "The token is not valid before 2030-03-17T17:46:40+00:00."),
        ({"aud": "another"}, "The token's audience is not telco-gateway."),
        ({"aud": None}, "The token's audience is not telco-gateway."),
        ({"iss": "https://evil.test"}, "The token's issuer is not https://id.test."),
        ({"iss": None}, "The token's issuer is not https://id.test."),
        ({"sub": None}, "The token has no claim `sub`."),
        ({"sub": ""}, "The token's claim `sub` is not a name."),
        ({"company_id": None}, "The token has no claim `company_id` to say whose user it is."),
        ({"company_id": 7}, "The token has no claim `company_id` to say whose user it is."),
        ({"company_id": "\ud800"}, "The token has no claim `company_id` to say whose user it is."),
        ({"company_id": "o" * 201}, "The token has no claim `company_id` to say whose user it is."),
        ({"sub": "\ud800"}, "The token's claim `sub` is not a name."),
        ({"sub": "a\nb"}, "The token's claim `sub` is not a name."),
        ({"kid": "k2"}, "The token is signed with an unknown key."),
        ({"key": ec.generate_private_key(ec.SECP256R1())}, "The token's signature does not hold."),
    ],
)
async def test_tokens_that_do_not_hold(
    authenticator: Authenticator, token: Token, claims: dict[str, Any], message: str
) -> None:
    """Each reason for refusal is named."""
    with pytest.raises(Unauthenticated) as refusal:
        await authenticator.viewer(token(**claims))
    assert refusal.value.message == message


async def test_expiry_by_our_clock_with_leeway(authenticator: Authenticator, issuer: Any, token: Token) -> None:
    """A token holds up to five seconds beyond its expiry, by the gateway's clock."""
    await authenticator.viewer(token(exp=issuer.now - timedelta(seconds=4)))
    with pytest.raises(Unauthenticated, match="expired"):
        await authenticator.viewer(token(exp=issuer.now - timedelta(seconds=5)))


@pytest.mark.parametrize(
    "forged",
    [
        jwt.encode({"sub": "x"}, "a secret of thirty-two characters", algorithm="HS256", headers={"kid": "k1"}),
        jwt.encode({"sub": "x"}, "", algorithm="none"),
    ],
)
async def test_algorithms(authenticator: Authenticator, forged: str) -> None:
    """A token signed with anything but the listed algorithms is refused before its key is asked for."""
    with pytest.raises(Unauthenticated, match=r"^The token must be signed with RS256 or ES256\.$"):
        await authenticator.viewer(forged)


@pytest.mark.parametrize("garbage", ["x", "a.b.c", "é", "e30.e30.", "." * 100, KID_IS_A_NUMBER])
async def test_garbage(authenticator: Authenticator, garbage: str) -> None:
    """What is no JWT is refused without a fault."""
    with pytest.raises(Unauthenticated):
        await authenticator.viewer(garbage)


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer  ", "", "Bearer a, Bearer b", "Bearer a b"])
async def test_other_authorization(header: str) -> None:
    """Anything but one bearer token is refused."""
    with pytest.raises(Unauthenticated, match=r"^Send one token, as `Authorization: Bearer <token>`\.$"):
        bearer_token(header)


async def test_bearer_token() -> None:
    """The scheme's case does not matter."""
    assert bearer_token("bearer  abc") == "abc"
    assert bearer_token(None) is None


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_bad_token_is_401(http_client: aiohttp.ClientSession, url: str, token: Token, accept: str) -> None:
    """A token that does not hold is 401 even for public fields, and the answer does not repeat it."""
    bad = token(aud="another")
    async with http_client.post(
        f"{url}/graphql", json={"query": "{ echo }"}, headers={"Authorization": f"Bearer {bad}", "Accept": accept}
    ) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == (
            'Bearer realm="telco-gateway", error="invalid_token", '
            'error_description="The token\'s audience is not telco-gateway."'
        )
        text = await response.text()
    assert "UNAUTHENTICATED" in text
    assert bad not in text


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_anonymous_is_401(http_client: aiohttp.ClientSession, url: str, accept: str) -> None:
    """Without a token, what is not public is 401 with the scheme to use, in both media types."""
    async with http_client.post(
        f"{url}/graphql", json={"query": "{ private }"}, headers={"Accept": accept}
    ) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="telco-gateway"'
        assert "data" not in await response.json(content_type=None)


async def test_missing_scope_is_403(http_client: aiohttp.ClientSession, url: str, token: Token) -> None:
    """A token without the scope is 403 for the whole request."""
    headers = {"Authorization": f"Bearer {token(scope='line:read')}"}
    async with http_client.post(f"{url}/graphql", json={"query": "{ echo secret }"}, headers=headers) as response:
        assert response.status == 403
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="telco-gateway", error="insufficient_scope"'
        assert "data" not in await response.json()
