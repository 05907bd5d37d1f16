"""Logs: one JSON line for each event, colours on a terminal; nothing secret or personal in either.

Whatever logs, through structlog or the standard library, passes `redacted` last: values of secret keys are replaced,
tokens and telephone numbers are masked wherever they stand in a text, tracebacks included.
"""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"

SECRET_KEY = re.compile(
    r"(.*(authorization|token|jwt|password|passwd|secret|cookie|api[_-]?key)|(.*[_-])?(pin|puk)\d?)s?", re.IGNORECASE
)
"""Keys whose value is never shown, whatever stands before them: accessToken, X-API-Key, PIN1…"""

IDENTIFIER_KEYS = frozenset({"company_id", "request_id", "request_ids", "timestamp"})
"""Keys whose digits are no telephone number, and by which a line is found again."""

TOKEN = re.compile(r"\b(?:bearer\s+[\w.~+/=-]+|eyJ[\w-]+\.[\w-]+\.[\w-]*)", re.IGNORECASE)

PHONE_NUMBER = re.compile(
    r"""
      \+ \d (?: [ ./-]? \d ){6,14}                       # +39 345 123 4567
    | (?<! [\w.+-] ) 3\d\d [ ./-] \d{3} [ ./-]? \d{3,4} (?! [\w-] )   # 345 123 4567
    | (?<! [\w.+-] ) 0\d{1,3} [ /-] \d{5,8} (?! [\w-] )     # 02 12345678
    | (?<! [\w.+-] ) \d{9,15} (?! [\w-] )                  # 3451234567, 00393451234567, IMSI and IMEI too
    """,
    re.VERBOSE,
)
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
    """The structlog processor that takes secrets and telephone numbers out of an event."""
    return {key: _shown(key, value) for key, value in event.items()}


def _shown(key: str, value: Any) -> Any:
    if SECRET_KEY.fullmatch(key):
        return None if value is None else REDACTED
    if key in IDENTIFIER_KEYS:
        return value
    match value:
        case str():
            return _masked(value)
        case Mapping():
            return {str(inner): _shown(str(inner), each) for inner, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_shown("", each) for each in value]
        case None | bool() | int() | float():
            return value
        case _:
            return _masked(str(value))


def _masked(text: str) -> str:
    return PHONE_NUMBER.sub(_last_digits, TOKEN.sub("[token]", text))


def _last_digits(match: re.Match[str]) -> str:
    return f"***{match[0][-SHOWN_DIGITS:]}"


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
