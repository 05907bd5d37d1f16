"""Sessions that a test ends."""


class RevokedSessions(set[str]):
    """Sessions that ended: none, until a test adds one."""

    def is_revoked(self, session_id: str) -> bool:
        """Whether this one did."""
        return session_id in self
