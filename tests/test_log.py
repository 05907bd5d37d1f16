"""What logs show, and what they never show."""

import asyncio
import io
import json
import logging
import select
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from gateway.log import Line, configure_logging, redacted, write
from gateway.log.lines import WAITING_SECONDS


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
        "simPin",
        "simPIN",
        "pinCode",
        "PINCode",
        "puk2Code",
        "tokenValue",
        "idTokenHint",
        "clientSecret",
        "clientsecret",
        "apiKeys",
        "Set-Cookie",
    ],
)
def test_secret_keys(key: str) -> None:
    """The value of a key that names a secret is never shown, at any depth."""
    assert shown("1234", key) == "[redacted]"
    assert shown({"inner": [{key: "1234"}]}) == {"inner": [{key: "[redacted]"}]}
    assert shown(None, key) is None


@pytest.mark.parametrize("key", ["operation", "mapping", "spinning", "shippingInfo", "tokens_max", "pinned"])
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
        ("num-3451234567", "num-***567"),
        ("msisdn_3451234567", "msisdn_***567"),
        ("IT3451234567", "IT***567"),
        ("tel.3451234567.", "tel.***567."),
        ("3451234567_1 00393451234567it", "***567_1 ***567it"),
        ("%2B393451234567", "%2B***567"),
        ("0212345678-2", "***678-2"),
        ("from 3451234567 to 3457654321", "from ***567 to ***321"),
        ("Bearer abc.DEF-1_2", "[token]"),
        ("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "[token]"),
        ("x_eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "x_[token]"),
        ("{'Authorization': 'Basic YTpi/w=='}", "{'Authorization': '[token]'}"),
        ("mail to anna.rossi+bills@example.co.it, today", "mail to [email], today"),
        ("?email=anna%40example.com&page=1", "?email=[email]&page=1"),
        ("redis://user:p@ss@cache.test:6379/0", "redis://[redacted]@cache.test:6379/0"),
        ("https://anna@crm.test/a", "https://[redacted]@crm.test/a"),
        ("2026-11-24T09:00:00.123456+01:00", "2026-11-24T09:00:00.123456+01:00"),
        ("org-0001 bil-0001-1-202610-s 7X00012345", "org-0001 bil-0001-1-202610-s 7X00012345"),
    ],
)
def test_texts(text: str, expected: str) -> None:
    """Telephone numbers keep three digits; tokens, credentials and e-mail addresses nothing."""
    assert shown(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T09:00:00.123456+01:00",
        "2026-11-24 09:00:00.345678901",
        "20261124T090000Z",
        "[24/Nov/2026:09:00:00 +0100] 200 1234567",
        "127.0.0.1:65535 in 0.345678901 s",
        "took 312.1234567 ms",
        "org-0001 lin-0001-0001 bil-0001-1-202610-s 7X00012345",
        "5f3a3451234567bc0123456789abcdef",
        "550e8400-e29b-41d4-a716-036655440000",
        "00-4bf92f3577b34da6a300345123456789-00f067a345123456-01",
        "https://crm.test/tmf-api/a?owner=a@b",
        "/tmf-api/productInventoryManagement/v4/product/{id}",
    ],
)
def test_texts_that_stay(text: str) -> None:
    """Times, durations, ids and addresses of servers are neither."""
    assert shown(text) == text


def test_identifiers_stay() -> None:
    """A company is found by its id even where ids are bare digits."""
    assert shown("1000000123", "company_id") == "1000000123"


@pytest.mark.parametrize("key", ["number", "msisdn", "phoneNumber", "caller_phone", "numbers", "imsi"])
def test_numbers_that_are_numbers(key: str) -> None:
    """Under a key that says so, an integer as long as a telephone number is masked like its text."""
    assert shown(393451234567, key) == "***567"
    assert shown({key: [3451234567, 42]}) == {key: ["***567", 42]}
    assert shown({key: {"of": 3451234567}}) == {key: {"of": 3451234567}}


@pytest.mark.parametrize("key", ["bytes", "ns", "rows", "numbered"])
def test_other_integers_stay(key: str) -> None:
    """Sizes and durations are shown."""
    assert shown(3451234567, key) == 3451234567


def test_keys_are_masked() -> None:
    """A telephone number is masked where it is the key of a mapping, too."""
    assert shown({"+393451234567": 1, 3457654321: {"3451111222": 2}}) == {"***567": 1, "***321": {"***222": 2}}
    assert redacted(None, "info", {"3451234567": 1}) == {"***567": 1}


@given(digits=st.text("0123456789", min_size=9, max_size=12), before=st.sampled_from(["", "to ", "(", "'", "=", "/"]))
def test_no_number_survives(digits: str, before: str) -> None:
    """A number of nine to twelve digits with a prefix never survives, whatever stands before it."""
    assert digits not in shown(f"{before}+39{digits}")
    assert digits not in shown(f"{before}{digits}")


@given(
    number=st.from_regex(r"[03][0-9]{8,12}", fullmatch=True),
    before=st.sampled_from(["num-", "msisdn_", "IT", "line", "a.", "à"]),
    after=st.sampled_from(["", "-1", "_x", "it", ".", "/"]),
)
def test_no_number_survives_in_a_name(number: str, before: str, after: str) -> None:
    """A number that begins as Italian ones do never survives, even glued to letters, underscores and hyphens."""
    assert number not in shown(f"{before}{number}{after}")


def test_other_objects_are_masked_texts() -> None:
    """Whatever is no JSON value is shown as its text, masked."""
    assert shown(ValueError("+393451234567")) == "***567"
    assert shown({"+393451234567": 1}.keys()) == "dict_keys(['***567'])"


def test_an_audit_line_says_who_read_whose() -> None:
    """A subject that looks like an e-mail address or a number stays, and so does the SIM."""
    event = {"event": "sim_codes_read", "subject": "mario.rossi@azienda.example", "sim_id": "893999700000410004"}
    assert redacted(None, "info", dict(event)) == event


class Call(Line, kw_only=True, tag="call"):
    """A typed line."""

    path: str
    rows: int | None
    note: str | UnsetType = UNSET
    company_id: str | None = None


def test_a_typed_line_says_what_any_other_would() -> None:
    """Event, level, time, the context's request id; what is unset is left out, texts are masked, identifiers stay."""
    stream = io.StringIO()
    configure_logging("info", stream=stream)
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        write(Call(path="/line/3451234567", rows=None, company_id="3451234567"))
        write(Call(request_id="r-2", path="/line", rows=1, note="Bearer abc.def"))
    first, second = lines(stream)
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "event": "call",
        "request_id": "r-1",
        "level": "info",
        "path": "/line/***567",
        "rows": None,
        "company_id": "3451234567",
    }
    assert (second["request_id"], second["note"]) == ("r-2", "[token]")


def test_work_that_several_requests_share_names_them() -> None:
    """Where the context speaks of several requests, so does the line."""
    stream = io.StringIO()
    configure_logging("info", stream=stream)
    with structlog.contextvars.bound_contextvars(request_ids=["r-1", "r-2"]):
        write(Call(path="/", rows=1))
    assert (lines(stream)[0]["request_ids"], "request_id" in lines(stream)[0]) == (["r-1", "r-2"], False)


def test_typed_lines_are_quiet_and_coloured_like_any_other() -> None:
    """Above their level they are not written; on a terminal they are for people."""
    quiet, terminal = io.StringIO(), Terminal()
    configure_logging("warning", stream=quiet)
    write(Call(path="/", rows=1))
    configure_logging("info", stream=terminal)
    write(Call(path="/line/3451234567", rows=1))
    assert quiet.getvalue() == ""
    assert "call" in terminal.getvalue()
    assert "***567" in terminal.getvalue()
    assert "3451234567" not in terminal.getvalue()


def test_typed_lines_can_be_captured() -> None:
    """Tests that capture structlog's events get them too, before and after logging was configured."""
    for _ in range(2):
        with structlog.testing.capture_logs() as captured:
            write(Call(request_id="r-1", path="/", rows=1))
        assert [(event["event"], event["path"], event["request_id"]) for event in captured] == [("call", "/", "r-1")]
        configure_logging("info", stream=io.StringIO())


def test_clean_texts_are_remembered_and_no_others() -> None:
    """What was masked once is masked again, however often and in whatever company."""
    for _ in range(3):
        assert shown("num-3451234567") == "num-***567"
        assert shown("num-1") == "num-1"
        assert shown(["num-1", "num-3451234567"]) == ["num-1", "num-***567"]


class Writes(io.StringIO):
    """A stream that counts its writes."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def write(self, text: str, /) -> int:
        """Counts."""
        self.count += 1
        return super().write(text)


async def test_the_lines_of_a_moment_leave_together() -> None:
    """In an event loop, lines wait for a moment and are one write; an error does not wait."""
    stream = Writes()
    configure_logging("info", stream=stream)
    for number in range(3):
        write(Call(path="/", rows=number))
    structlog.get_logger().info("other")
    assert stream.count == 0
    await asyncio.sleep(2 * WAITING_SECONDS)
    assert stream.count == 1
    assert [line["event"] for line in lines(stream)] == ["call", "call", "call", "other"]
    write(Call(path="/", rows=3))
    structlog.get_logger().error("failed")
    assert (stream.count, lines(stream)[-1]["event"]) == (2, "failed")


async def test_many_lines_leave_in_pieces_that_stay_whole() -> None:
    """No write is longer than a pipe takes in one piece, and each ends with a line."""
    parts: list[str] = []

    class Parts(io.StringIO):
        def write(self, text: str, /) -> int:
            parts.append(text)
            return len(text)

    configure_logging("info", stream=Parts())
    for number in range(200):
        write(Call(path="/some/path", rows=number))
    await asyncio.sleep(2 * WAITING_SECONDS)
    assert len(parts) > 1
    assert all(len(part) <= select.PIPE_BUF and part.endswith("}\n") for part in parts)
    assert [json.loads(line)["rows"] for line in "".join(parts).splitlines()] == list(range(200))


def test_nothing_is_lost_at_the_exit() -> None:
    """Lines that still wait when a process ends are written."""
    program = """
import asyncio, sys, structlog
from gateway.log import configure_logging
configure_logging("info", stream=sys.stderr)
async def main():
    structlog.get_logger().info("last")
    raise SystemExit(3)
asyncio.run(main())
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (result.returncode, json.loads(result.stderr)["event"]) == (3, "last")


def test_a_stream_that_is_closed_ends_nothing() -> None:
    """A log that cannot be written does not end what is logged."""
    stream = io.StringIO()
    configure_logging("info", stream=stream)
    stream.close()
    write(Call(path="/", rows=1))
    structlog.get_logger().error("failed")
