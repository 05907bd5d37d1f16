"""What changed between two contracts, for a backend team at a terminal."""

import textwrap
from collections.abc import Sequence

from gateway.contract_kit.change import Change, Effect
from gateway.contract_kit.report_text import WIDTH

HEADINGS = {
    Effect.BREAKING: "BREAKING: a backend that keeps the old contract does not keep the new one",
    Effect.NEW: "NEW: the gateway sends or reads it, and a backend may lack it",
    Effect.GONE: "GONE: the gateway no longer sends or reads it",
    Effect.LOOSER: "LOOSER: more is taken, or less is sent",
}


def changes_report(found: Sequence[Change], verdict: str) -> str:
    """By effect, what breaks first; last the version."""
    blocks = []
    for effect, heading in HEADINGS.items():
        own = [change for change in found if change.effect is effect]
        if own:
            blocks.append("\n".join([heading, *map(_lines, own)]))
    return "\n\n".join([*blocks, f"{verdict[:1].upper()}{verdict[1:]}."]) + "\n"


def _lines(change: Change) -> str:
    text = textwrap.fill(
        change.what, WIDTH, initial_indent="      ", subsequent_indent="      ", break_long_words=False
    )
    return f"  {change.where}\n{text}"
