"""Numbers that end in a check digit, made valid: P.IVA, codice fiscale, IMEI, ICCID."""

import unicodedata
from datetime import date

from stdnum import luhn
from stdnum.it import codicefiscale

MONTH_LETTERS = "ABCDEHLMPRST"
# In a codice fiscale a woman's day of birth is 40 higher.
WOMAN_DAY_OFFSET = 40
MAXIMUM_CONSONANTS = 3


def with_luhn_digit(digits: str) -> str:
    """The digits and their Luhn check digit."""
    return f"{digits}{luhn.calc_check_digit(digits)}"


def vat_number(company: int, province: int) -> str:
    """A P.IVA: 7 digits of the company, 3 of the provincial office (1 to 100), the check digit."""
    return with_luhn_digit(f"{company:07d}{province:03d}")


def iccid(issuer: int, account: int) -> str:
    """A SIM's 19 digits: 89 (telecommunications), 39 (Italy), 2 of the issuer, 12 of the account, the check digit."""
    return with_luhn_digit(f"8939{issuer:02d}{account:012d}")


def imei(type_allocation: int, serial: int) -> str:
    """A device's 15 digits: 8 of its model's allocation code, 6 of its serial number, the check digit."""
    return with_luhn_digit(f"{type_allocation:08d}{serial:06d}")


def fiscal_code(given_name: str, family_name: str, birth_date: date, *, is_woman: bool, birthplace_code: str) -> str:
    """A person's codice fiscale; `birthplace_code` is the cadastral code of the municipality, such as F205 of Milan."""
    day = birth_date.day + (WOMAN_DAY_OFFSET if is_woman else 0)
    birth = f"{birth_date.year % 100:02d}{MONTH_LETTERS[birth_date.month - 1]}{day:02d}"
    code = f"{_family_letters(family_name)}{_given_letters(given_name)}{birth}{birthplace_code}"
    return f"{code}{codicefiscale.calc_check_digit(code)}"


def _family_letters(name: str) -> str:
    consonants, vowels = _letters(name)
    return f"{consonants}{vowels}XXX"[:3]


def _given_letters(name: str) -> str:
    consonants, vowels = _letters(name)
    # Of four consonants or more the second is left out, as the ministry's decree has it.
    if len(consonants) > MAXIMUM_CONSONANTS:
        consonants = consonants[0] + consonants[2:]
    return f"{consonants}{vowels}XXX"[:3]


def _letters(name: str) -> tuple[str, str]:
    plain = unicodedata.normalize("NFKD", name).upper()
    letters = [letter for letter in plain if "A" <= letter <= "Z"]
    return "".join(letter for letter in letters if letter not in "AEIOU"), "".join(
        letter for letter in letters if letter in "AEIOU"
    )
