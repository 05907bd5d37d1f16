"""Numbers with check digits, against an independent validator."""

from datetime import date

import pytest
from stdnum import imei as stdnum_imei
from stdnum import luhn
from stdnum.it import codicefiscale, iva

from gateway.simulator.data.check_digits import fiscal_code, iccid, imei, vat_number


def test_vat_number() -> None:
    """A P.IVA has 11 digits, the provincial office before the last, and is valid."""
    number = vat_number(9_700_007, 21)
    assert number == "97000070215"
    assert iva.is_valid(number)


def test_iccid() -> None:
    """An ICCID has 19 digits, begins with 8939 and ends in its Luhn digit."""
    number = iccid(97, 4_100_001)
    assert number == "8939970000041000016"
    assert luhn.is_valid(number)


def test_imei() -> None:
    """An IMEI has 15 digits and is valid."""
    number = imei(49_015_420, 323_751)
    assert number == "490154203237518"
    assert stdnum_imei.is_valid(number)


@pytest.mark.parametrize(
    ("given_name", "family_name", "birth_date", "is_woman", "birthplace_code", "expected"),
    [
        ("Manuel", "Ricca", date(1983, 11, 18), False, "D969", "RCCMNL83S18D969H"),
        # A woman's day of birth is 40 higher.
        ("Anna", "Conti", date(1990, 1, 5), True, "F205", "CNTNNA90A45F205X"),
        # Of four consonants in a given name the second is left out.
        ("Francesco", "Rossi", date(1960, 12, 31), False, "H501", "RSSFNC60T31H501N"),
        # Too few letters are filled up with X; apostrophes, blanks and accents do not count.
        ("Zoé", "D'Alò", date(1977, 7, 7), True, "G273", "DLAZOE77L47G273D"),
        ("Al", "Fo", date(1977, 7, 7), False, "G273", "FOXLAX77L07G273B"),
    ],
)
def test_fiscal_code(
    given_name: str, family_name: str, birth_date: date, is_woman: bool, birthplace_code: str, expected: str
) -> None:
    """A codice fiscale is made of consonants first, then vowels, birth, birthplace and check letter."""
    code = fiscal_code(given_name, family_name, birth_date, is_woman=is_woman, birthplace_code=birthplace_code)
    assert code == expected
    assert codicefiscale.is_valid(code)
    assert codicefiscale.get_birth_date(code) == birth_date
    assert codicefiscale.get_gender(code) == ("F" if is_woman else "M")
