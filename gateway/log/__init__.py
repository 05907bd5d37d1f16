"""Logs: one JSON line for each event, colours on a terminal; nothing secret or personal in either.

Whatever logs, through structlog or the standard library, passes `redacted` last. The few lines that every request
writes are a `Line` each, which says the same with less ado.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import msgspec
import structlog
from msgspec import UNSET
from structlog.typing import EventDict, Processor, WrappedLogger

from gateway.log.line import OURS, Line
from gateway.log.lines import Lines
from gateway.log.redaction import masked, redacted

__all__ = ["Line", "configure_logging", "flush_logs", "masked", "redacted", "write"]

QUIET_LOGGERS = {"uvicorn.access": logging.CRITICAL, "uvicorn.error": logging.WARNING, "asyncio": logging.WARNING}
"""Loggers of libraries, and from where they are heard: requests have a line of our own."""

_lines = Lines()
_encode = msgspec.json.Encoder().encode
_log = structlog.get_logger()
_json_renderer: Processor | None = None
"""What structlog does last where lines are JSON: as long as it does, nobody else (a test that captures) wants them."""
_is_info_shown = False


def configure_logging(level: str, *, stream: TextIO) -> None:
    """Sends every log of this process to `stream` from `level` on (debug, info, warning, error)."""
    global _json_renderer, _is_info_shown
    threshold = logging.getLevelNamesMapping()[level.upper()]
    before, render = _before_rendering(), _renderer(stream)
    _lines.send_to(stream)
    _json_renderer = None if stream.isatty() else render
    _is_info_shown = threshold <= logging.INFO
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *before, render],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=_Sink,
        cache_logger_on_first_use=False,  # modules hold loggers made before this call
    )
    handler = _Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.contextvars.merge_contextvars, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *before, render],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name, quiet_level in QUIET_LOGGERS.items():
        logging.getLogger(name).setLevel(quiet_level)


def write(line: Line) -> None:
    """Writes it with the context's request ids, if it brings none: where lines are JSON, without a logger for each."""
    if structlog.get_config()["processors"][-1] is not _json_renderer:
        said = msgspec.structs.asdict(line).items()
        fields = {name: value for name, value in said if value is not UNSET and name not in OURS}
        _log.info(line.__struct_config__.tag, **fields)
    elif _is_info_shown:
        if line.request_id is UNSET:
            context = structlog.contextvars.get_contextvars()
            line.request_id = context.get("request_id", UNSET)
            line.request_ids = context.get("request_ids", UNSET)
        line.timestamp = _timestamp()
        _lines.add(_encode(line) + b"\n")


def flush_logs() -> None:
    """Writes what waits: before a process leaves without Python's exit."""
    _lines.flush()


class _Sink:
    """What structlog hands finished lines to."""

    def __init__(self, *_: object) -> None:
        pass

    def msg(self, line: str) -> None:
        _lines.add(_bytes(line))

    debug = info = warning = warn = msg

    def error(self, line: str) -> None:
        _lines.add(_bytes(line), at_once=True)

    exception = critical = fatal = error


class _Handler(logging.Handler):
    """The same for the standard library."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:
            self.handleError(record)
        else:
            _lines.add(_bytes(line), at_once=record.levelno >= logging.ERROR)


def _bytes(line: str) -> bytes:
    return line.encode("utf-8", "backslashreplace") + b"\n"


def _before_rendering() -> list[Processor]:
    return [
        structlog.processors.add_log_level,
        _stamp,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # before masking: an exception's text may quote what it failed on
        redacted,
    ]


def _stamp(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    event["timestamp"] = _timestamp()
    return event


_second, _second_text = 0, ""


def _timestamp() -> str:
    """Now, in UTC to the microsecond; the text of a second is made once."""
    global _second, _second_text
    microseconds = time.time_ns() // 1_000
    second = microseconds // 1_000_000
    if second != _second:
        _second, _second_text = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
    return f"{_second_text}.{microseconds % 1_000_000:06}Z"


def _renderer(stream: TextIO) -> Processor:
    if stream.isatty():
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer(serializer=_json)


def _json(event: Mapping[str, Any], **options: Callable[[Any], Any]) -> str:
    """structlog hands over a fallback for unknown types; `redacted` has left only JSON's own."""
    return _encode(event).decode()
