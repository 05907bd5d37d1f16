"""Phone numbers."""

import pytest

from gateway.domain.phone import e164, masked


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+393451234567", "+393451234567"),
        ("345 123 4567", "+393451234567"),
        ("0039 345-1234567", "+393451234567"),
        ("02 12345678", "+390212345678"),
        ("+44 20 7946 0958", "+442079460958"),
        ("abc", None),
        ("", None),
        ("12", None),
    ],
)
def test_usual_spellings_are_one_number(text: str, number: str | None) -> None:
    """A number without a country is Italian; an Italian fixed number keeps its zero."""
    assert e164(text) == number


@pytest.mark.parametrize(
    ("number", "shown"), [("+393451234567", "***567"), ("1234567", "***567"), ("123456", "***"), ("", "***")]
)
def test_a_mask_hides_most_of_a_number(number: str, shown: str) -> None:
    """Three digits are shown where at least four are hidden; of a short code nothing is."""
    assert masked(number) == shown
