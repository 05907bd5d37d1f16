"""Logs: one JSON line for each event, colours on a terminal; nothing secret or personal in either.

Whatever logs, through structlog or the standard library, passes `redacted` last. It goes by keys and by looks: values
of keys that name a secret are replaced; and in every text, tracebacks and the keys of mappings included, what looks
like a token, credentials, an e-mail address or a telephone number is masked. Names of people have no looks: not
logging them is up to whoever logs.
"""

import logging
import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"

WORD_START = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where keys are taken apart, so that the next two see simPin, X-Sim-Pin and SIM_PIN alike as sim_pin."""

SECRET_KEY = re.compile(
    r"(authorization|token|jwt|password|passwd|secret|cookie|api_?key|(?<![a-z])(pin|puk))\d?(_|s?$)"
)
"""Keys whose value is never shown, whatever else they say: accessToken, X-API-Key, PIN1, pinCode…"""

NUMBER_KEY = re.compile(r"(.*_)?(number|phone|telephone|mobile|msisdn|imsi|imei)s?")
"""Keys whose integers are masked like texts, where they have as many digits as a telephone number."""

IDENTIFIER_KEYS = frozenset({"company_id", "request_id", "request_ids", "sim_id", "subject", "timestamp"})
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

QUIET_LOGGERS = {"uvicorn.access": logging.CRITICAL, "uvicorn.error": logging.WARNING, "asyncio": logging.WARNING}
"""Loggers of libraries, and from where they are heard: requests have a line of our own."""


def configure_logging(level: str, *, stream: TextIO) -> None:
    """Sends every log of this process to `stream` from `level` on (debug, info, warning, error)."""
    before = _before_rendering()
    render = _renderer(stream)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *before, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,  # modules hold loggers made before this call
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.contextvars.merge_contextvars, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *before, render],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name, quiet_level in QUIET_LOGGERS.items():
        logging.getLogger(name).setLevel(quiet_level)


def redacted(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The structlog processor that takes out of an event what nobody should read in a log."""
    return _shown_items(event)


def _shown_items(items: Mapping[Any, Any]) -> dict[str, Any]:
    shown = {}
    for key, value in items.items():
        name, rule = _of_key(str(key))
        shown[name] = rule(value)
    return shown


@lru_cache(maxsize=1024)  # an application has few keys, and each line has ten of them
def _of_key(key: str) -> tuple[str, Callable[[Any], Any]]:
    """How the key is shown, and how its value is."""
    words = WORD_START.sub("_", key).lower()
    if SECRET_KEY.search(words):
        return _masked(key), lambda value: None if value is None else REDACTED
    if key in IDENTIFIER_KEYS:
        return key, lambda value: value
    return _masked(key), partial(_shown, is_number=NUMBER_KEY.fullmatch(words) is not None)


def _shown(value: Any, *, is_number: bool) -> Any:
    match value:
        case str():
            return _masked(value)
        case None | bool() | float():
            return value
        case int():
            return _masked(str(value)) if is_number and value in NUMBERS else value
        case Mapping():
            return _shown_items(value)
        case list() | tuple() | set() | frozenset():
            return [_shown(each, is_number=is_number) for each in value]
        case _:
            return _masked(str(value))


def _masked(text: str) -> str:
    text = TOKEN.sub("[token]", text)
    if "@" in text or "%40" in text:
        text = EMAIL.sub("[email]", USER_OF_URL.sub(f"{REDACTED}@", text))
    return ID_OR_NUMBER.sub(_last_digits, text) if MANY_DIGITS.search(text) else text


def _last_digits(match: re.Match[str]) -> str:
    return f"***{match[0][-SHOWN_DIGITS:]}" if match["number"] else match[0]


def _before_rendering() -> list[Processor]:
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # before masking: an exception's text may quote what it failed on
        redacted,
    ]


def _renderer(stream: TextIO) -> Processor:
    if stream.isatty():
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer(serializer=_json)


def _json(event: Mapping[str, Any], **options: Callable[[Any], Any]) -> str:
    """structlog hands over a fallback for unknown types; `redacted` has left only JSON's own."""
    return msgspec.json.encode(event).decode()
