"""Tokens that were verified a moment ago: what is remembered, for how long, and what is looked at all the same."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import jwt
import pytest

from gateway.config import IdentitySettings
from gateway.errors import Unauthenticated
from gateway.http.authentication import Authenticator
from gateway.http.verified_tokens import VerifiedTokens
from gateway.serving import serving
from tests.http.sessions import RevokedSessions

Token = Callable[..., str]
REVOKED = r"^The session of this token has ended; sign in again\.$"


class CountingKeys:
    """The test issuer's keys, counting how often one is asked for; `withdrawn` publishes none any more."""

    def __init__(self, issuer: Any) -> None:
        self._issuer = issuer
        self.asked = 0
        self.withdrawn = False

    async def key(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        """As the issuer's."""
        self.asked += 1
        key: jwt.PyJWK = await self._issuer.key("gone" if self.withdrawn else kid, algorithm)
        return key


class World:
    """An authenticator whose clocks, keys and revocations a test moves."""

    def __init__(self, issuer: Any, *, max_tokens: int = 10, settings: IdentitySettings | None = None) -> None:
        self.now: datetime = issuer.now
        self.keys = CountingKeys(issuer)
        self.revoked = RevokedSessions()
        self.authenticator = Authenticator(
            settings or issuer.settings,
            self.keys,
            lambda: self.now,
            self.revoked,
            verified=VerifiedTokens(max_tokens=max_tokens),
        )

    async def subject(self, token: str) -> str:
        """Whose token it is."""
        return (await self.authenticator.viewer(token)).subject


async def test_a_token_is_verified_once(issuer: Any, token: Token) -> None:
    """The key is asked for once; another token has to be verified itself, however alike."""
    world, first = World(issuer), token()
    assert [await world.subject(first) for _ in range(3)] == ["anna"] * 3
    assert world.keys.asked == 1
    assert await world.subject(token(sub="bruno")) == "bruno"
    assert world.keys.asked == 2
    with pytest.raises(Unauthenticated, match="signature"):
        await world.subject(first[:-8] + "AAAAAAAA")


async def test_a_withdrawn_key_stops_working(issuer: Any, token: Token) -> None:
    """Five minutes after it was verified a token is verified again, with the keys that are published then."""
    world, known = World(issuer), token()
    await world.subject(known)
    world.keys.withdrawn = True
    world.now += timedelta(seconds=299)
    assert await world.subject(known) == "anna"
    world.now += timedelta(seconds=1)
    with pytest.raises(Unauthenticated, match="unknown key"):
        await world.subject(known)


async def test_expiry_is_looked_at_each_time(issuer: Any, token: Token) -> None:
    """A remembered token expires by the gateway's clock, and the message says when."""
    world, known = World(issuer), token(exp=issuer.now + timedelta(seconds=60))
    await world.subject(known)
    world.now += timedelta(seconds=64)
    assert await world.subject(known) == "anna"
    world.now += timedelta(seconds=1)
    with pytest.raises(Unauthenticated, match=r"^The token expired at 2026-11-24T09:01:00\+00:00\.$"):
        await world.subject(known)


@pytest.mark.parametrize("claim", ["nbf", "iat"])
async def test_beginning_is_looked_at_each_time(issuer: Any, token: Token, claim: str) -> None:
    """A clock that is set back makes a remembered token one of the future again."""
    world, known = World(issuer), token(**{claim: issuer.now})
    await world.subject(known)
    world.now -= timedelta(seconds=6)
    with pytest.raises(Unauthenticated, match="not valid before"):
        await world.subject(known)


async def test_tokens_that_do_not_hold_are_not_remembered(issuer: Any, token: Token) -> None:
    """A refused token is looked at anew each time: what refused it may have passed."""
    world, early = World(issuer), token(nbf=issuer.now + timedelta(seconds=30))
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await world.subject(early)
    assert world.keys.asked == 2
    world.now += timedelta(seconds=30)
    assert await world.subject(early) == "anna"


async def test_the_least_recently_used_is_forgotten(issuer: Any, token: Token) -> None:
    """Of more tokens than are kept, those go that were not used for longest."""
    world = World(issuer, max_tokens=2)
    tokens = [token(sub=name) for name in ("anna", "bruno", "carla")]
    await world.subject(tokens[0])
    await world.subject(tokens[1])
    await world.subject(tokens[0])
    await world.subject(tokens[2])
    assert world.keys.asked == 3
    await world.subject(tokens[0])
    assert world.keys.asked == 3
    await world.subject(tokens[1])
    assert world.keys.asked == 4


@pytest.mark.parametrize(
    "claims", [{"sid": "s-1"}, {"jti": "s-1"}, {"sid": "s-1", "jti": "another"}], ids=["sid", "jti", "both"]
)
async def test_a_revoked_session_is_refused_at_once(issuer: Any, token: Token, claims: dict[str, str]) -> None:
    """The next request after a revocation is refused, remembered or not: by `sid`, or by `jti` where there is none."""
    world, known = World(issuer), token(**claims)
    await world.subject(known)
    world.revoked.add("another-1")
    assert await world.subject(known) == "anna"
    world.revoked.add("s-1")
    for each in (known, token(sub="bruno", **claims)):
        with pytest.raises(Unauthenticated, match=REVOKED):
            await world.subject(each)
    world.revoked.clear()
    assert await world.subject(known) == "anna"


async def test_the_session_claim_is_a_setting(issuer: Any, token: Token) -> None:
    """An issuer may call the session what it likes."""
    settings = IdentitySettings(issuer=issuer.settings.issuer, jwks_url="", session_claim="session_state")
    world = World(issuer, settings=settings)
    world.revoked.add("s-1")
    assert await world.subject(token(sid="s-1")) == "anna"
    with pytest.raises(Unauthenticated, match=REVOKED):
        await world.subject(token(session_state="s-1"))


@pytest.mark.parametrize("claims", [{"sid": 7}, {"sid": ""}, {"sid": ["s-1"]}, {"sid": "s" * 201}])
async def test_a_session_without_a_name(issuer: Any, token: Token, claims: dict[str, object]) -> None:
    """A token whose session could never be revoked is refused."""
    with pytest.raises(Unauthenticated, match=r"^The token's claim `sid` is not a name\.$"):
        await World(issuer).subject(token(**claims))


async def test_tokens_are_not_kept(issuer: Any, token: Token) -> None:
    """What is remembered holds a digest of the token, and no part of it."""
    verified = VerifiedTokens()
    known = token()
    await Authenticator(issuer.settings, issuer, lambda: issuer.now, RevokedSessions(), verified=verified).viewer(known)
    assert known.split(".")[2] not in repr(vars(verified))


async def test_revoking_is_401(make_app: Callable[..., Any], issuer: Any, token: Token) -> None:
    """Over HTTP: 200, and 401 in the very next request after the revocation."""
    world = World(issuer)
    headers = {"Authorization": f"Bearer {token(sid='s-1')}"}
    async with serving(make_app(world.authenticator)) as url, aiohttp.ClientSession(headers=headers) as client:
        for _ in range(2):
            async with client.post(f"{url}/graphql", json={"query": "{ private }"}) as response:
                assert response.status == 200
        world.revoked.add("s-1")
        async with client.post(f"{url}/graphql", json={"query": "{ private }"}) as response:
            assert response.status == 401
            assert (await response.json())["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
