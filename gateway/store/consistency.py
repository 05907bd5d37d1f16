"""The token that a mutating answer returns and clients echo (`X-Consistency`), so that reads follow writes."""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

HEADER = "X-Consistency"
TOKEN = re.compile(r"(?P<company_id>[A-Za-z0-9._~%-]{1,600})=(?P<number>\d{1,18})", re.ASCII)


class Seen(NamedTuple):
    """A company's generation that a client has seen."""

    company_id: str
    number: int


def format_token(seen: Seen) -> str:
    """The header's value: `company=number`, percent-encoded."""
    return f"{quote(seen.company_id, safe='')}={seen.number}"


def parse_token(text: str) -> Seen | None:
    """What a header says; None for anything that no answer of ours has said."""
    match = TOKEN.fullmatch(text)
    if match is None:
        return None
    try:
        seen = Seen(unquote(match["company_id"], errors="strict"), int(match["number"]))
    except UnicodeDecodeError:
        return None
    return seen if format_token(seen) == text else None
