"""From the Authorization header to the viewer: signature, issuer, audience, time, role, company and scopes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, TypeGuard

import jwt

from gateway.config import IdentitySettings
from gateway.context import Clock
from gateway.domain.viewer import ANONYMOUS, SCOPES_OF_ROLE, Role, Scope, Viewer
from gateway.errors import Unauthenticated
from gateway.http.verified_tokens import VerifiedToken, VerifiedTokens

TOKEN_MAX_CHARACTERS = 8_192
NAME_MAX_CHARACTERS = 200
OPERATORS_MAY_ADD = frozenset({Scope.PII_READ})
"""What the scope claim of an operator's token may give beyond the role: operators see people only when sent to."""
OPENID_WORDS = frozenset({"openid", "profile", "email", "address", "phone", "offline_access"})
"""OpenID Connect's own scopes, which say nothing about this graph."""
EARLIEST, LATEST = -62_135_596_800, 253_402_300_799
"""Seconds since 1970 of the first and the last second that a datetime can show."""

Claims = Mapping[str, Any]
"""A token's claims, as its issuer wrote them: any JSON."""


class SigningKeySource(Protocol):
    """Where the issuer's public keys come from."""

    async def key(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        """The key of that id; Unauthenticated when the issuer has none, IdentityUnavailable when it cannot be asked."""


class Sessions(Protocol):
    """What is known in this process of sessions that ended before their tokens do."""

    def is_revoked(self, session_id: str) -> bool:
        """Whether tokens of that session hold no more: asked in every request, so it must not wait."""


class Authenticator:
    """Reads bearer tokens by the issuer's published keys and the gateway's own clock.

    A token whose signature held is remembered for a while; its times and its session are looked at in every request.
    """

    def __init__(
        self,
        identity: IdentitySettings,
        keys: SigningKeySource,
        clock: Clock,
        sessions: Sessions,
        *,
        verified: VerifiedTokens | None = None,
    ) -> None:
        self._identity = identity
        self._keys = keys
        self._clock = clock
        self._sessions = sessions
        self._verified = VerifiedTokens() if verified is None else verified

    def known(self, token: str | None) -> Viewer | None:
        """As `viewer`, without waiting; None for a token that has to be verified."""
        if token is None:
            return ANONYMOUS
        verified = self._verified.get(token, self._clock().timestamp(), self._identity.leeway_seconds)
        return None if verified is None else self._unless_revoked(verified)

    async def viewer(self, token: str | None) -> Viewer:
        """ANONYMOUS without a token; Unauthenticated says why a token does not hold, and never repeats it."""
        known = self.known(token)
        if known is not None or token is None:
            return known or ANONYMOUS
        return self._unless_revoked(await self._verify(token))

    def _unless_revoked(self, verified: VerifiedToken) -> Viewer:
        if verified.session_id is not None and self._sessions.is_revoked(verified.session_id):
            raise Unauthenticated("The session of this token has ended; sign in again.")
        return verified.viewer

    async def _verify(self, token: str) -> VerifiedToken:
        claims = await self._claims(token)
        self._require_valid_now(claims)
        verified = VerifiedToken(
            viewer=self._viewer(claims),
            session_id=_session_id(claims, self._identity.session_claim),
            expires_at=claims["exp"],
            begins_at=max(claims.get("nbf", EARLIEST), claims.get("iat", EARLIEST)),
        )
        self._verified.put(token, verified, self._clock().timestamp())
        return verified

    async def _claims(self, token: str) -> Claims:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise Unauthenticated("The bearer token is not a signed JWT.") from None
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in self._identity.algorithms:
            raise Unauthenticated(f"The token must be signed with {' or '.join(self._identity.algorithms)}.")
        key = await self._keys.key(kid, algorithm)
        try:
            claims: Claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._identity.audience,
                issuer=self._identity.issuer,
                # Times are checked below, by our own clock, which a demo may have moved.
                options={"require": ["exp", "sub"], "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated(self._reason(error)) from None
        return claims

    def _reason(self, error: jwt.PyJWTError) -> str:
        match error:
            case jwt.InvalidAudienceError() | jwt.MissingRequiredClaimError(claim="aud"):
                return f"The token's audience is not {self._identity.audience}."
            case jwt.InvalidIssuerError() | jwt.MissingRequiredClaimError(claim="iss"):
                return f"The token's issuer is not {self._identity.issuer}."
            case jwt.MissingRequiredClaimError():
                return f"The token has no claim `{error.claim}`."
            case jwt.InvalidSignatureError():
                return "The token's signature does not hold."
            case _:
                return "The token cannot be read."

    def _require_valid_now(self, claims: Claims) -> None:
        now, leeway = self._clock().timestamp(), self._identity.leeway_seconds
        if _seconds(claims, "exp") <= now - leeway:
            raise Unauthenticated(f"The token expired at {_date(claims['exp'])}.")
        for claim in ("nbf", "iat"):
            if claim in claims and _seconds(claims, claim) > now + leeway:
                raise Unauthenticated(f"The token is not valid before {_date(claims[claim])}.")

    def _viewer(self, claims: Claims) -> Viewer:
        role = _role(claims.get(self._identity.role_claim), self._identity.roles)
        subject, company_id = claims["sub"], claims.get(self._identity.company_claim)
        if not _is_name(subject):
            raise Unauthenticated("The token's claim `sub` is not a name.")
        if role is Role.OPERATOR:
            company_id = None
        elif not _is_name(company_id):
            raise Unauthenticated(f"The token has no claim `{self._identity.company_claim}` to say whose user it is.")
        scopes = _scopes(role, _scope_words(claims, self._identity.scope_claim))
        return Viewer(subject=subject, role=role, company_id=company_id, scopes=scopes)


def bearer_token(authorization: str | None) -> str | None:
    """The token in the Authorization header of a request, None without one; Unauthenticated for anything else."""
    if authorization is None:
        return None
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or " " in token:  # a blank also where there were two headers
        raise Unauthenticated("Send one token, as `Authorization: Bearer <token>`.")
    if len(token) > TOKEN_MAX_CHARACTERS:
        raise Unauthenticated(f"The token is longer than {TOKEN_MAX_CHARACTERS} characters.")
    return token


def _is_name(value: object) -> TypeGuard[str]:
    """Whether a claim can name somebody: printable, which lone surrogates are not, and of some measure."""
    return isinstance(value, str) and 0 < len(value) <= NAME_MAX_CHARACTERS and value.isprintable()


def _session_id(claims: Claims, name: str) -> str | None:
    """By what the token can be revoked: the claim of that name, or else the token's own id; None without either."""
    name = name if name in claims else "jti"
    if name not in claims:
        return None
    value = claims[name]
    if not _is_name(value):
        raise Unauthenticated(f"The token's claim `{name}` is not a name.")
    return value


def _seconds(claims: Claims, name: str) -> float:
    """The claim as seconds since 1970, within what a datetime can show; NaN, too, is not."""
    value = claims[name]
    if not isinstance(value, int | float) or not EARLIEST <= value <= LATEST:
        raise Unauthenticated(f"The token's claim `{name}` is not a time.")
    return value


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _role(value: object, roles: Mapping[str, str]) -> Role:
    """UNKNOWN, which may do nothing, for a value the settings do not map."""
    ours = roles.get(value) if isinstance(value, str) else None
    return Role(ours) if ours in Role.__members__ else Role.UNKNOWN


def _scope_words(claims: Claims, name: str) -> frozenset[str] | None:
    """The words of the claim of that name, or of `scp` in its place, in a string or a list; None without either."""
    name = name if name in claims else "scp"
    if name not in claims:
        return None
    value = claims[name]
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise Unauthenticated(f"The token's claim `{name}` is neither a string nor a list of strings.")
    return frozenset(words)


def _scopes(role: Role, words: frozenset[str] | None) -> frozenset[Scope]:
    """The role's scopes, or those of them that the words name, be it none; an operator's words only add.

    OpenID Connect's own words alone are as good as no claim: many providers send them with every token.
    """
    of_role = SCOPES_OF_ROLE[role]
    if words is None or (words and words <= OPENID_WORDS):
        return of_role
    named = frozenset(scope for scope in Scope if scope in words)
    return of_role | (named & OPERATORS_MAY_ADD) if role is Role.OPERATOR else of_role & named
