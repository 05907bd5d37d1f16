"""What nobody should read in a log is taken out: by key, and by looks.

Values of keys that name a secret are replaced; and in every text, tracebacks and the keys of mappings included, what
looks like a token, credentials, an e-mail address or a telephone number is masked. Names of people have no looks: not
logging them is up to whoever logs.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from structlog.typing import EventDict, WrappedLogger

REDACTED = "[redacted]"

WORD_START = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where keys are taken apart, so that the next two see simPin, X-Sim-Pin and SIM_PIN alike as sim_pin."""

SECRET_KEY = re.compile(
    r"(authorization|token|jwt|password|passwd|secret|cookie|api_?key|(?<![a-z])(pin|puk))\d?(_|s?$)"
)
"""Keys whose value is never shown, whatever else they say: accessToken, X-API-Key, PIN1, pinCode…"""

NUMBER_KEY = re.compile(r"(.*_)?(number|phone|telephone|mobile|msisdn|imsi|imei)s?")
"""Keys whose integers are masked like texts, where they have as many digits as a telephone number."""

IDENTIFIER_KEYS = frozenset(
    {"answered_by", "company_id", "request_id", "request_ids", "sim_id", "subject", "timestamp"}
)
"""Keys by which a line is found again; `subject` and `sim_id` stand in audit lines only, which say who read whose."""

TOKEN = re.compile(
    r"\b(?i:bearer|basic)\s+[\w.~+/=-]+"
    r"|(?<![A-Za-z0-9])eyJ[\w-]{8,}(?:\.[\w-]*){0,4}"  # JSON in base64url: a JWT, or a part of one
)
USER_OF_URL = re.compile(r"(?<=://)[^\s/?#]*@")
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")

MANY_DIGITS = re.compile(r"\d(?:[ ./-]?\d){6}")
"""What every number below has; looking for it first is quick where there is none."""

ID_OR_NUMBER = re.compile(
    r"""
      (?<! \w ) (?: [0-9a-f]{8} - (?: [0-9a-f]{4} - ){3} [0-9a-f]{12} | [0-9a-f]{16,} ) (?! \w )  # an id: it stays
    | (?P<number>
          \+ [1-9] (?: [ ./-]? \d ){6,14}                                       # +39 345 123 4567
        | (?<! [\w.+-] ) 3\d\d [ /-] \d{3} [ /-]? \d{3,4} (?! [\w-] )            # 345 123 4567
        | (?<! [\w.+-] ) 3\d\d \. \d{3} \. \d{3,4} (?! [\w-] )                  # 345.123.4567
        | (?<! [\w.+-] ) 0\d{1,3} [ /-] \d{5,8} (?! [\w-] )                      # 02 12345678
        | (?<! \d ) (?<! \d\. ) [03] \d{8,14} (?! \d )                          # IT3451234567, but no decimals
        | (?<! [\w.+-] ) \d{9,15} (?! [\w-] )                                   # IMSI, IMEI
      )
    """,
    re.VERBOSE,
)
NUMBERS = range(10**8, 10**15)
SHOWN_DIGITS = 3

PLAIN = frozenset({type(None), bool, int, float})
"""Types of which a log shows every value, but for integers under a key that says they are somebody's number."""

CLEAN_MAX, CLEAN_MAX_CHARACTERS = 4_096, 64
"""How many texts, and how long ones, are remembered as clean: nearly all that a log says are the same few again."""


def redacted(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The structlog processor that takes out of an event what nobody should read in a log."""
    return _shown_items(event)


def _shown_items(items: Mapping[Any, Any]) -> dict[str, Any]:
    shown = {}
    for key, value in items.items():
        name, rule = _of_key(key if type(key) is str else str(key))
        kind = type(value)
        if rule is _shown and (kind in PLAIN or (kind is str and value in KNOWN_CLEAN)):
            shown[name] = value  # what nearly all of it is
        else:
            shown[name] = rule(value)
    return shown


@lru_cache(maxsize=1024)  # an application has few keys, and each line has ten of them
def _of_key(key: str) -> tuple[str, Callable[[Any], Any]]:
    """How the key is shown, and how its value is."""
    words = WORD_START.sub("_", key).lower()
    if SECRET_KEY.search(words):
        return masked(key), _secret
    if key in IDENTIFIER_KEYS:
        return key, _as_it_is
    return masked(key), _number if NUMBER_KEY.fullmatch(words) else _shown


def _secret(value: Any) -> Any:
    return None if value is None else REDACTED


def _as_it_is(value: Any) -> Any:
    return value


def _shown(value: Any) -> Any:
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind is str:
        return masked(value)
    return [_shown(each) for each in value] if kind is list else _within(value, _shown)


def _number(value: Any) -> Any:
    if isinstance(value, int) and value in NUMBERS:
        return masked(str(value))
    return _within(value, _number)


def _within(value: Any, rule: Callable[[Any], Any]) -> Any:
    """What is inside a collection is shown by the rule of the collection's key, or by its own key's."""
    match value:
        case str():
            return masked(value)
        case None | bool() | float() | int():
            return value
        case Mapping():
            return _shown_items(value)
        case list() | tuple() | set() | frozenset():
            return [rule(each) for each in value]
        case _:
            return masked(str(value))


KNOWN_CLEAN: set[str] = set()
"""Texts in which there was nothing to mask; never one in which there was."""


def masked(text: str) -> str:
    """The text without what looks like a secret or a person's."""
    if text in KNOWN_CLEAN:
        return text
    shown = _looked_through(text)
    if len(text) <= CLEAN_MAX_CHARACTERS and shown == text:
        if len(KNOWN_CLEAN) >= CLEAN_MAX:
            KNOWN_CLEAN.clear()
        KNOWN_CLEAN.add(text)
    return shown


def _looked_through(text: str) -> str:
    text = TOKEN.sub("[token]", text)
    if "@" in text or "%40" in text:
        text = EMAIL.sub("[email]", USER_OF_URL.sub(f"{REDACTED}@", text))
    return ID_OR_NUMBER.sub(_last_digits, text) if MANY_DIGITS.search(text) else text


def _last_digits(match: re.Match[str]) -> str:
    return f"***{match[0][-SHOWN_DIGITS:]}" if match["number"] else match[0]
