"""What came back over HTTP, and what its status means."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from gateway.errors import (
    BackendAccessDenied,
    BackendBusy,
    BackendContractBroken,
    BackendError,
    BackendFailed,
    BackendRejected,
)

RETRY_AFTER_MAX_SECONDS = 30.0
"""The longest that a backend's Retry-After keeps us away, and clients: it may be a mistake."""


class Reply(msgspec.Struct, frozen=True, gc=False):
    """One HTTP answer, read whole; `total` is X-Total-Count where it is a number."""

    status: int
    body: bytes
    total: int | None = None
    retry_after: str | None = None
    date: str | None = None


def error_of(backend: str, reply: Reply, now: Callable[[], datetime]) -> BackendError:
    """What a status other than 2xx means to us; the backend's own text is never passed on."""
    who, status = f"The {backend} backend", reply.status
    if status in (401, 403):
        return BackendAccessDenied(backend, f"{who} refuses the gateway's credentials ({status}).")
    if status in (429, 503):
        wait = retry_after_seconds(reply, now)
        return BackendBusy(backend, f"{who} asks to be left alone for a while ({status}).", wait, is_rate=status == 429)
    if status >= 500:
        return BackendFailed(backend, f"{who} failed on this request ({status}).")
    if status >= 400:
        return BackendRejected(backend, f"{who} refuses this request ({status}).")
    return BackendContractBroken(backend, f"{who} answered {status} where its contract promises 200; see its `url`.")


def retry_after_seconds(reply: Reply, now: Callable[[], datetime]) -> float | None:
    """The wait that Retry-After asks for, as seconds or as a date by the backend's own clock; None without one."""
    text = (reply.retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), RETRY_AFTER_MAX_SECONDS)
    until = _http_date(text)
    if until is None:
        return None
    asked_at = _http_date(reply.date or "") or now()
    return min(max((until - asked_at).total_seconds(), 0.0), RETRY_AFTER_MAX_SECONDS)


def _http_date(text: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
