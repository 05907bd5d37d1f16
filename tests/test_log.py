"""What logs show, and what they never show."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from gateway.log import configure_logging, redacted


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """Always."""
        return True


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Leaves the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("uvicorn.access", "uvicorn.error", "asyncio")}
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def shown(value: object, key: str = "text") -> Any:
    """What a log shows of a value."""
    return redacted(None, "info", {key: value})[key]


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The JSON lines written."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_json_line_for_each_event() -> None:
    """Where the stream is no terminal, an event is a JSON object on one line with level and UTC time."""
    stream = io.StringIO()
    configure_logging("info", stream=stream)
    structlog.get_logger().info("request", status=200, ms=1.5, path="/graphql")
    structlog.get_logger().debug("too quiet")
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "request", "level": "info", "status": 200, "ms": 1.5, "path": "/graphql"}


def test_terminal_is_for_people() -> None:
    """On a terminal the line is coloured text, and masked all the same."""
    stream = Terminal()
    configure_logging("info", stream=stream)
    structlog.get_logger().info("hello", number="+393451234567")
    assert "\x1b[" in stream.getvalue()
    assert "***567" in stream.getvalue()
    assert "393451234567" not in stream.getvalue()


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_tracebacks_are_masked(stream: io.StringIO) -> None:
    """An exception's text is masked in both forms."""
    configure_logging("info", stream=stream)
    try:
        raise ValueError("no line +39 345 1234567 for Bearer abc.def")
    except ValueError:
        structlog.get_logger().exception("failed")
    text = stream.getvalue()
    assert "ValueError: no line ***567 for [token]" in text
    assert "1234567" not in text


def test_libraries_log_the_same_way() -> None:
    """The standard library's loggers end in the same lines; uvicorn's own request lines are left out."""
    stream = io.StringIO()
    configure_logging("info", stream=stream)
    logging.getLogger("asyncio").warning("slow callback of %s", "+393451234567")
    logging.getLogger("asyncio").info("not heard")
    logging.getLogger("uvicorn.access").info("GET / 200")
    assert [(line["event"], line["level"]) for line in lines(stream)] == [("slow callback of ***567", "warning")]


@pytest.mark.parametrize(
    "key",
    [
        "authorization",
        "Authorization",
        "token",
        "access_token",
        "accessToken",
        "tokens",
        "X-API-Key",
        "client_secret",
        "password",
        "PIN1",
        "pin",
        "puk2",
        "sim_puk",
        "Set-Cookie",
    ],
)
def test_secret_keys(key: str) -> None:
    """The value of a key that names a secret is never shown, at any depth."""
    assert shown("1234", key) == "[redacted]"
    assert shown({"inner": [{key: "1234"}]}) == {"inner": [{key: "[redacted]"}]}
    assert shown(None, key) is None


@pytest.mark.parametrize("key", ["operation", "mapping", "spinning", "tokens_max", "pinned"])
def test_other_keys(key: str) -> None:
    """A key that merely resembles one is shown."""
    assert shown("1234", key) == "1234"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+393451234567", "***567"),
        ("+39 345 123 4567 called", "***567 called"),
        ("tel:+39-02-1234-5678.", "tel:***678."),
        ("3451234567", "***567"),
        ("345 123 4567", "***567"),
        ("345 1234567", "***567"),
        ("02 12345678", "***678"),
        ("00393451234567", "***567"),
        ("/resource/222011234567890", "/resource/***890"),
        ("from 3451234567 to 3457654321", "from ***567 to ***321"),
        ("Bearer abc.DEF-1_2", "[token]"),
        ("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "[token]"),
        ("2026-11-24T09:00:00.123456+01:00", "2026-11-24T09:00:00.123456+01:00"),
        ("org-0001 bil-0001-1-202610-s 7X00012345", "org-0001 bil-0001-1-202610-s 7X00012345"),
        ("127.0.0.1:65535 in 0.123456789 s", "127.0.0.1:65535 in 0.123456789 s"),
    ],
)
def test_texts(text: str, expected: str) -> None:
    """Telephone numbers keep three digits, tokens nothing; times, ids and addresses stay."""
    assert shown(text) == expected


def test_identifiers_stay() -> None:
    """A company is found by its id even where ids are bare digits."""
    assert shown("1000000123", "company_id") == "1000000123"


@given(digits=st.text("0123456789", min_size=9, max_size=12), before=st.sampled_from(["", "to ", "(", "'", "=", "/"]))
def test_no_number_survives(digits: str, before: str) -> None:
    """A number of nine to twelve digits with a prefix never survives, whatever stands before it."""
    assert digits not in shown(f"{before}+39{digits}")
    assert digits not in shown(f"{before}{digits}")


def test_other_objects_are_masked_texts() -> None:
    """Whatever is no JSON value is shown as its text, masked."""
    assert shown(ValueError("+393451234567")) == "***567"
    assert shown({"+393451234567": 1}.keys()) == "dict_keys(['***567'])"
