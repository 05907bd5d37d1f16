"""Which content type a PATCH has to have: tried on a record that was named for it, and put back as it was."""

from collections.abc import Mapping
from typing import Any

from gateway.contract_kit.api import Api
from gateway.contract_kit.asking import Asked
from gateway.contract_kit.contract import Operation
from gateway.errors import BackendError

CONTENT_TYPES = ("application/json", "application/merge-patch+json", "application/json;charset=utf-8")
ATTRIBUTE = "description"
MARK = " [contracts verify]"
KIND = "ticket"
"""What a PATCH may be tried on: the only records that the gateway will change."""

CALLS_MAX = 30
"""What trying takes at most, calls that are made again included: with fewer left it is not begun."""

PROMISE = "a PATCH changes what it says"
RESTORED = "what was tried is put back"


async def check_patch(api: Api, operation: Operation, *, may_write: bool) -> None:
    """Only where writing is allowed and a record is named; otherwise nobody knows, and the default stays."""
    properties = api.item(operation).get("properties", {})
    if properties.get("id", {}).get("x-identifies") != KIND or ATTRIBUTE not in properties:
        return
    where = f"PATCH {api.resource(operation)}"
    id = api.samples.named(KIND)
    reason = _reason_not_to(api, may_write, id)
    if reason or id is None:
        api.not_tried(where, PROMISE, f"{reason}; patch_content_type stays {api.profile.patch_content_type}")
        return
    before = await api.record(operation, id)
    if not before.is_good or not isinstance(before.document, dict):
        api.fails(where, PROMISE, expected="the record named", came=before.said, advice=f"name another --{KIND}")
        return
    await _try(api, operation, where, id, before.document)


def _reason_not_to(api: Api, may_write: bool, id: str | None) -> str:
    if not may_write:
        return "--write was not given"
    if id is None:
        return f"no --{KIND} was named that may be changed"
    return f"fewer than {CALLS_MAX} calls are left of --calls" if api.asker.budget.left < CALLS_MAX else ""


async def _try(api: Api, operation: Operation, where: str, id: str, before: Mapping[str, Any]) -> None:
    text = str(before.get(ATTRIBUTE) or "")
    configured, said = api.profile.patch_content_type, ""
    for content_type in (configured, *(each for each in CONTENT_TYPES if each != configured)):
        try:
            patched = await _patch(api, operation, id, text + MARK, content_type)
            is_changed = _text(await api.record(operation, id)) == text + MARK
        except BackendError:  # nobody knows whether it was written
            await _put_back(api, operation, where, id, text, content_type)
            raise
        if is_changed:
            await _put_back(api, operation, where, id, text, content_type)
            if content_type == configured:
                api.holds(where, PROMISE, "patch_content_type")
            else:
                api.needs(where, PROMISE, "patch_content_type", content_type, f"{said} for {configured}")
                api.learn(patch_content_type=content_type)
            return
        said = said or (f"{patched.status}, and nothing changed" if patched.is_good else patched.said)
    api.fails(where, PROMISE, expected=f"another `{ATTRIBUTE}`", came=said, advice="fix the backend")


async def _put_back(api: Api, operation: Operation, where: str, id: str, text: str, content_type: str) -> None:
    """The record as it was; where that fails, it is said what is left to do by hand."""
    try:
        await _patch(api, operation, id, text, content_type)
        after = await api.record(operation, id)
    except BackendError as error:
        came, is_restored = error.message, False
    else:
        came, is_restored = after.said, _text(after) == text
    if not is_restored:
        advice = f"take{MARK} away from the end of its `{ATTRIBUTE}` by hand"
        api.fails(where, RESTORED, expected="the record as it was", came=came, advice=advice)


async def _patch(api: Api, operation: Operation, id: str, text: str, content_type: str) -> Asked:
    return await api.send("PATCH", api.record_path(operation, id), {ATTRIBUTE: text}, content_type)


def _text(asked: Asked) -> str | None:
    """What the record says; "" where it says nothing."""
    return str(asked.document.get(ATTRIBUTE) or "") if isinstance(asked.document, dict) else None
