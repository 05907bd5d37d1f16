"""What was found, as Markdown for a page or a pull request."""

from gateway.contract_kit.point import BackendResult, Outcome, Point, Verification
from gateway.contract_kit.report_text import SHOWN, VERDICTS, counts
from gateway.contract_kit.toml import profile_toml


def markdown_report(verification: Verification) -> str:
    """A section for each backend, with a table of what does not simply hold."""
    verdict = f"{VERDICTS[verification.exit_code]} {verification.calls} calls in {verification.seconds:.1f} s."
    sections = ["# Contract verification", verdict, *map(_section, verification.backends)]
    return "\n\n".join(sections) + "\n"


def _section(result: BackendResult) -> str:
    parts = [f"## {result.backend} (contract {result.version})"]
    if result.reason:
        parts.append(f"**Not verified:** {_cell(result.reason)}")
    parts.append(f"{counts(result)}.")
    rows = [
        _row(point)
        for outcome in SHOWN
        if outcome is not Outcome.BEYOND
        for point in result.points
        if point.outcome is outcome
    ]
    if rows:
        parts.append(
            "\n".join(["| | API | where | promise | expected | came | to do |", "|---|---|---|---|---|---|---|", *rows])
        )
    toml = profile_toml(result.backend, result.profile)
    if toml:
        parts.append(f"```toml\n{toml}\n```")
    return "\n\n".join(parts)


def _row(point: Point) -> str:
    cells = (
        point.outcome.value,
        point.api,
        f"`{point.where}`",
        point.promise,
        point.expected,
        point.came,
        point.advice,
    )
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
