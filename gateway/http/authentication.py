"""From the Authorization header to the viewer: signature, issuer, audience, time, role, company and scopes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import jwt

from gateway.config import IdentitySettings
from gateway.context import Clock
from gateway.domain.viewer import ANONYMOUS, SCOPES_OF_ROLE, Role, Scope, Viewer
from gateway.errors import Unauthenticated

TOKEN_MAX_CHARACTERS = 8_192
OPERATORS_MAY_ADD = frozenset({Scope.PII_READ})
"""What the `scope` claim of an operator's token may give beyond the role: operators see people only when sent to."""

Claims = Mapping[str, Any]
"""A token's claims, as its issuer wrote them: any JSON."""


class SigningKeySource(Protocol):
    """Where the issuer's public keys come from."""

    async def key(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        """The key of that id; Unauthenticated when the issuer has none, IdentityUnavailable when it cannot be asked."""


class Authenticator:
    """Reads bearer tokens by the issuer's published keys and the gateway's own clock."""

    def __init__(self, identity: IdentitySettings, keys: SigningKeySource, clock: Clock) -> None:
        self._identity = identity
        self._keys = keys
        self._clock = clock

    async def viewer(self, token: str | None) -> Viewer:
        """ANONYMOUS without a token; Unauthenticated says why a token does not hold, and never repeats it."""
        if token is None:
            return ANONYMOUS
        claims = await self._claims(token)
        self._require_valid_now(claims)
        return self._viewer(claims)

    async def _claims(self, token: str) -> Claims:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise Unauthenticated("The bearer token is not a signed JWT.") from None
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in self._identity.algorithms:
            raise Unauthenticated(f"The token must be signed with {' or '.join(self._identity.algorithms)}.")
        if kid is not None and not isinstance(kid, str):
            raise Unauthenticated("The token's key id is not a string.")
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
        now, leeway = self._clock(), timedelta(seconds=self._identity.leeway_seconds)
        expires = _time(claims, "exp")
        if expires is None or expires + leeway <= now:
            raise Unauthenticated(f"The token expired at {expires.isoformat() if expires else 'no time at all'}.")
        for claim in ("nbf", "iat"):
            begins = _time(claims, claim)
            if begins is not None and begins - leeway > now:
                raise Unauthenticated(f"The token is not valid before {begins.isoformat()}.")

    def _viewer(self, claims: Claims) -> Viewer:
        role = _role(claims.get(self._identity.role_claim), self._identity.roles)
        subject, company_id = claims["sub"], claims.get(self._identity.company_claim)
        if not isinstance(subject, str) or not subject:
            raise Unauthenticated("The token's claim `sub` is not a name.")
        if role is Role.OPERATOR:
            company_id = None
        elif not isinstance(company_id, str) or not company_id:
            raise Unauthenticated(f"The token has no claim `{self._identity.company_claim}` to say whose user it is.")
        return Viewer(subject=subject, role=role, company_id=company_id, scopes=_scopes(role, claims.get("scope")))


def bearer_token(authorization: Sequence[str]) -> str | None:
    """The token in the Authorization headers of a request, None without any; Unauthenticated for anything else."""
    if not authorization:
        return None
    scheme, _, token = authorization[0].strip().partition(" ")
    token = token.strip()
    if len(authorization) > 1 or scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Send one token, as `Authorization: Bearer <token>`.")
    if len(token) > TOKEN_MAX_CHARACTERS:
        raise Unauthenticated(f"The token is longer than {TOKEN_MAX_CHARACTERS} characters.")
    return token


def _time(claims: Claims, name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise Unauthenticated(f"The token's claim `{name}` is not a time.") from None


def _role(value: object, roles: Mapping[str, str]) -> Role:
    """UNKNOWN, which may do nothing, for a value the settings do not map."""
    ours = roles.get(value) if isinstance(value, str) else None
    return Role(ours) if ours in Role.__members__ else Role.UNKNOWN


def _scopes(role: Role, claim: object) -> frozenset[Scope]:
    """The role's scopes; the claim narrows them where it names any of ours, except an operator's, to which it may add.

    An OpenID provider's own words (`openid profile`) are not about this graph and take nothing away.
    """
    of_role = SCOPES_OF_ROLE[role]
    claimed = frozenset(scope for scope in Scope if isinstance(claim, str) and scope in claim.split())
    if not claimed:
        return of_role
    return of_role | (claimed & OPERATORS_MAY_ADD) if role is Role.OPERATOR else of_role & claimed
