"""What was found, as JUnit XML, which CI servers show."""

from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from gateway.contract_kit.point import BackendResult, Outcome, Point, Verification


def junit_report(verification: Verification) -> str:
    """A suite for each backend, a case for each point: what fails or needs a setting is a failure."""
    suites = [line for result in verification.backends for line in _suite(result)]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", *suites, "</testsuites>"]) + "\n"


def _suite(result: BackendResult) -> Iterator[str]:
    failures = result.count(Outcome.FAILS) + result.count(Outcome.SETTING)
    skipped = result.count(Outcome.NOT_TRIED)
    errors = int(bool(result.reason))
    points = [point for point in result.points if point.outcome is not Outcome.BEYOND]
    yield (
        f"  <testsuite name={_attribute(result.backend)} tests={_attribute(len(points) + errors)} "
        f'failures="{failures}" errors="{errors}" skipped="{skipped}">'
    )
    if result.reason:
        yield f"    <testcase classname={_attribute(result.backend)} name={_attribute('could be verified')}>"
        yield f"      <error message={_attribute(result.reason)}/>"
        yield "    </testcase>"
    for point in points:
        yield from _case(point)
    yield "  </testsuite>"


def _case(point: Point) -> Iterator[str]:
    opened = (
        f"    <testcase classname={_attribute(f'{point.backend}.{point.api}')} "
        f"name={_attribute(f'{point.where}: {point.promise}')}"
    )
    match point.outcome:
        case Outcome.FAILS | Outcome.SETTING:
            yield f"{opened}>"
            yield f"      <failure type={_attribute(point.outcome.value)} message={_attribute(_message(point))}/>"
            yield "    </testcase>"
        case Outcome.NOT_TRIED:
            yield f"{opened}>"
            yield f"      <skipped message={_attribute(point.came)}/>"
            yield "    </testcase>"
        case _:
            yield f"{opened}/>"


def _message(point: Point) -> str:
    expected = f"expected {point.expected}, " if point.expected else ""
    return f"{expected}came {point.came}; {point.advice}"


def _attribute(value: object) -> str:
    text = "".join(character if character.isprintable() else "?" for character in str(value))
    return quoteattr(text)
