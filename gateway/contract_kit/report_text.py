"""What was found, for people at a terminal of 100 columns."""

import textwrap
from collections.abc import Iterator

from gateway.contract_kit.point import BackendResult, Outcome, Point, Verification
from gateway.contract_kit.toml import profile_toml

WIDTH = 100
SHOWN = (Outcome.FAILS, Outcome.SETTING, Outcome.TOLERATED, Outcome.NOT_TRIED, Outcome.BEYOND)
"""In the order of what has to be seen to first; what holds is counted."""

HEADINGS = {
    Outcome.FAILS: "FAILS: the gateway cannot do without",
    Outcome.SETTING: "NEEDS A SETTING: the profile below makes up for it",
    Outcome.TOLERATED: "TOLERATED: not as the contract says, and no harm to the gateway",
    Outcome.NOT_TRIED: "NOT TRIED: nobody knows",
    Outcome.BEYOND: "BEYOND THE CONTRACT: could be used",
}
COUNTED = {
    Outcome.HOLDS: "hold",
    Outcome.FAILS: "fail",
    Outcome.SETTING: "need a setting",
    Outcome.TOLERATED: "tolerated",
    Outcome.NOT_TRIED: "not tried",
}
VERDICTS = {
    0: "Every point holds.",
    1: "Not every point holds.",
    2: "Not everything could be verified: see above.",
}


def text_report(verification: Verification, *, is_detailed: bool = False) -> str:
    """The whole report; in detail with every point that holds."""
    parts = [_backend(result, is_detailed) for result in verification.backends]
    spent = f"{verification.calls} calls of at most {verification.calls_max}, in {verification.seconds:.1f} s."
    return "\n\n".join([*parts, f"{VERDICTS[verification.exit_code]} {spent}"]) + "\n"


def profiles(verification: Verification) -> str:
    """The profiles of all backends as TOML; a comment where every one is the default."""
    tables = [toml for result in verification.backends if (toml := profile_toml(result.backend, result.profile))]
    return "\n\n".join(tables or ["# Every profile is the default: nothing has to be set."]) + "\n"


def counts(result: BackendResult) -> str:
    """How many points came out how, in words."""
    numbers = [f"{count} {word}" for outcome, word in COUNTED.items() if (count := result.count(outcome))]
    return ", ".join(numbers) or "nothing was tried"


def _backend(result: BackendResult, is_detailed: bool) -> str:
    title = f"{result.backend}  {result.url}  (contract {result.version})"
    blocks = [f"{title}\n{'=' * WIDTH}"]
    if result.reason:
        blocks.append(_filled(f"NOT VERIFIED: {result.reason}", ""))
    if result.points:
        blocks.append(f"{counts(result)}\n" + "\n".join(_holding(result, is_detailed)))
    for outcome in SHOWN:
        points = [point for point in result.points if point.outcome is outcome]
        if points:
            blocks.append("\n".join([HEADINGS[outcome], *(line for point in points for line in _lines(point))]))
    toml = profile_toml(result.backend, result.profile)
    if toml:
        blocks.append(f"The profile, for the gateway's configuration:\n\n{textwrap.indent(toml, '    ')}")
    return "\n\n".join(blocks)


def _holding(result: BackendResult, is_detailed: bool) -> Iterator[str]:
    """For each API how many of its points hold, or which."""
    for api in dict.fromkeys(point.api for point in result.points):
        own = [point for point in result.points if point.api == api and point.outcome is not Outcome.BEYOND]
        holding = [point for point in own if point.outcome is Outcome.HOLDS]
        yield f"  {api:<20}{len(holding)} of {len(own)} points hold"
        for point in holding if is_detailed else ():
            yield from _filled(f"{point.where}: {point.promise}" + _aside(point), "      ").splitlines()


def _aside(point: Point) -> str:
    """What there is to say of a point that holds."""
    asides = ", ".join(filter(None, (point.came, point.advice)))
    return f" ({asides})" if asides else ""


def _lines(point: Point) -> Iterator[str]:
    yield f"  {point.api}: {point.where}"
    yield _filled(point.promise, "      ")
    for label, text in (("expected", point.expected), ("came", point.came), ("do", point.advice)):
        if text:
            yield _filled(text, " " * 18, first=f"        {label:<10}")


def _filled(text: str, indent: str, first: str | None = None) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
