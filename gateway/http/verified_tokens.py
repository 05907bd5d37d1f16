"""Tokens whose signature held a moment ago, so that it is not computed again in every request."""

import hashlib
from collections import OrderedDict

import msgspec

from gateway.domain.viewer import Viewer

REMEMBERED_MAX = 10_000
REMEMBERED_SECONDS = 300.0
"""Then a token is verified again, so that a key which its issuer withdrew stops working."""


class VerifiedToken(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says, in seconds since 1970 where it is of time; `session_id` is by what it can be revoked."""

    viewer: Viewer
    session_id: str | None
    expires_at: float
    begins_at: float


class VerifiedTokens:
    """The most recently used of them, by their digests: the tokens themselves are not kept."""

    def __init__(self, *, max_tokens: int = REMEMBERED_MAX) -> None:
        self._max_tokens = max_tokens
        self._tokens: OrderedDict[bytes, tuple[VerifiedToken, float]] = OrderedDict()

    def get(self, token: str, now: float, leeway_seconds: float) -> VerifiedToken | None:
        """What is known of the token, if it is valid at `now`; None for one that has to be verified, then to fail."""
        digest = digest_of(token)
        known = self._tokens.get(digest)
        if known is None:
            return None
        verified, at = known
        is_within_its_times = verified.expires_at > now - leeway_seconds and verified.begins_at <= now + leeway_seconds
        if not is_within_its_times or not at <= now < at + REMEMBERED_SECONDS:  # a clock can be set back
            del self._tokens[digest]
            return None
        self._tokens.move_to_end(digest)
        return verified

    def put(self, token: str, verified: VerifiedToken, now: float) -> None:
        """Remembers it in place of the one that was not used for longest."""
        self._tokens[digest_of(token)] = verified, now
        if len(self._tokens) > self._max_tokens:
            self._tokens.popitem(last=False)


def digest_of(token: str) -> bytes:
    """What stands for a token where it is not to be kept."""
    return hashlib.sha256(token.encode()).digest()
