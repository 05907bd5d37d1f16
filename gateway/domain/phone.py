"""Phone numbers as people may see them."""

SHOWN_DIGITS = 3


def masked(number: str) -> str:
    """All but the last three characters replaced: +393451234567 gives ***567."""
    return f"***{number[-SHOWN_DIGITS:]}"
