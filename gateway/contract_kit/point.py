"""What the contract promises, point by point, and what was found."""

from enum import Enum

import msgspec


class Outcome(Enum):
    """How a point came out; `SETTING` and `FAILS` are what has to be seen to."""

    HOLDS = "holds"
    SETTING = "needs a setting"
    FAILS = "fails"
    TOLERATED = "tolerated"
    NOT_TRIED = "not tried"
    BEYOND = "beyond the contract"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One promise of a contract: `where` it is made, and `promise` in words.

    Where it does not hold: what was `expected`, what `came`, and what to do about it. None of them holds a value that
    a backend sent.
    """

    backend: str
    api: str
    where: str
    promise: str
    outcome: Outcome
    expected: str = ""
    came: str = ""
    advice: str = ""


class BackendResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one backend came to: `reason` is why it could not be verified, `profile` its settings by API.

    The profile has only what differs from the default.
    """

    backend: str
    url: str
    version: str
    points: tuple[Point, ...]
    profile: dict[str, dict[str, object]]
    reason: str = ""

    def count(self, outcome: Outcome) -> int:
        """How many points came out so."""
        return sum(point.outcome is outcome for point in self.points)


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What all backends came to, and what it took."""

    backends: tuple[BackendResult, ...]
    calls: int
    calls_max: int
    seconds: float

    @property
    def exit_code(self) -> int:
        """For CI: 0 where every point holds, 1 where some do not, 2 where a backend could not be verified."""
        if any(result.reason for result in self.backends):
            return 2
        return int(any(result.count(Outcome.FAILS) + result.count(Outcome.SETTING) for result in self.backends))
