"""Phone numbers: one spelling, and what may be seen of them."""

import re

import phonenumbers

E164 = re.compile(r"\+[1-9]\d{6,14}")

SHOWN_DIGITS = 3
HIDDEN_DIGITS_MIN = 4
"""A number so short that less would be hidden is not shown at all."""


def e164(number: str) -> str | None:
    """E.164 of a number in any usual spelling; one without a country is Italian. None for what is no number."""
    if E164.fullmatch(number):
        return number
    try:
        parsed = phonenumbers.parse(number, "IT")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def masked(number: str) -> str:
    """All but the last three digits hidden: +393451234567 gives ***567."""
    shown = number[-SHOWN_DIGITS:] if len(number) >= SHOWN_DIGITS + HIDDEN_DIGITS_MIN else ""
    return f"***{shown}"
