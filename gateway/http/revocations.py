"""Sessions that ended before their tokens expire."""

from typing import Protocol


class Revocations(Protocol):
    """Which sessions are revoked, as known in this process: asked in every request, so it must not wait."""

    def is_revoked(self, session_id: str) -> bool:
        """Whether tokens of that session hold no more."""


class NobodyRevoked:
    """Where no session can end before its tokens do."""

    def is_revoked(self, session_id: str) -> bool:
        """Never."""
        return False
