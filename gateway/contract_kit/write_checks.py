"""Which content type a PATCH has to have: tried on a record that was named for it, and put back as it was."""

from collections.abc import Mapping
from typing import Any

from gateway.contract_kit.api import Api
from gateway.contract_kit.asking import Asked
from gateway.contract_kit.contract import Operation

CONTENT_TYPES = ("application/json", "application/merge-patch+json", "application/json;charset=utf-8")
ATTRIBUTE = "description"
MARK = " "
KIND = "ticket"
"""What a PATCH may be tried on: the only records that the gateway will change."""

PROMISE = "a PATCH changes what it says"


async def check_patch(api: Api, operation: Operation, *, may_write: bool) -> None:
    """Only where writing is allowed and a record is named; otherwise nobody knows, and the default stays."""
    properties = api.item(operation).get("properties", {})
    if properties.get("id", {}).get("x-identifies") != KIND or ATTRIBUTE not in properties:
        return
    where = f"PATCH {api.resource(operation)}"
    id = api.samples.named(KIND)
    if not may_write or id is None:
        missing = "--write was not given" if not may_write else f"no --{KIND} was named that may be changed"
        api.not_tried(where, PROMISE, f"{missing}; patch_content_type stays {api.profile.patch_content_type}")
        return
    before = await api.record(operation, id)
    if not before.is_good or not isinstance(before.document, dict):
        api.fails(where, PROMISE, expected="the record named", came=before.said, advice=f"name another --{KIND}")
        return
    await _try(api, operation, where, id, before.document)


async def _try(api: Api, operation: Operation, where: str, id: str, before: Mapping[str, Any]) -> None:
    text = str(before.get(ATTRIBUTE) or "")
    configured, said = api.profile.patch_content_type, ""
    for content_type in (configured, *(each for each in CONTENT_TYPES if each != configured)):
        patched = await _patch(api, operation, id, text + MARK, content_type)
        after = await api.record(operation, id)
        if _text(after) == text + MARK:
            if content_type == configured:
                api.holds(where, PROMISE, "patch_content_type")
            else:
                api.needs(where, PROMISE, "patch_content_type", content_type, f"{said} for {configured}")
                api.learn(patch_content_type=content_type)
            await _put_back(api, operation, where, id, text, content_type)
            return
        said = said or (f"{patched.status}, and nothing changed" if patched.is_good else patched.said)
    api.fails(where, PROMISE, expected=f"another `{ATTRIBUTE}`", came=said, advice="fix the backend")


async def _put_back(api: Api, operation: Operation, where: str, id: str, text: str, content_type: str) -> None:
    await _patch(api, operation, id, text, content_type)
    after = await api.record(operation, id)
    if _text(after) != text:
        advice = f"take the space at the end of its `{ATTRIBUTE}` away by hand"
        api.fails(where, "what was tried is put back", expected="the record as it was", came=after.said, advice=advice)


async def _patch(api: Api, operation: Operation, id: str, text: str, content_type: str) -> Asked:
    return await api.send("PATCH", api.record_path(operation, id), {ATTRIBUTE: text}, content_type)


def _text(asked: Asked) -> str | None:
    return asked.document.get(ATTRIBUTE) if isinstance(asked.document, dict) else None
