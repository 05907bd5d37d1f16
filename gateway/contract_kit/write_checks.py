"""Which content type a PATCH has to have: tried on a record that was named for it, and put back as it was."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from gateway.contract_kit.api import Api
from gateway.contract_kit.asking import Asked
from gateway.contract_kit.contract import Operation

CONTENT_TYPES = ("application/json", "application/merge-patch+json", "application/json;charset=utf-8")
NO_PATCH = frozenset({404, 405, 501})
ATTRIBUTE = "description"
MARK = " [contracts verify]"
KIND = "ticket"
"""What a PATCH may be tried on: the only records that the gateway will change."""

CALLS_MAX = 30
"""What trying takes at most, calls that are made again included: with fewer left it is not begun."""

PUT_BACK_SECONDS = 30.0
"""What putting the record back may take, whatever else goes on, even if it is the end of all."""

PROMISE = "a PATCH changes what it says"
RESTORED = "what was tried is put back"

Warn = Callable[[str], None]
"""Says at once what there may be no report to say in."""


async def check_patch(api: Api, operation: Operation, *, may_write: bool, warn: Warn) -> None:
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
    await _try(api, _Record(api, operation, where, id, before.document, warn))


def _reason_not_to(api: Api, may_write: bool, id: str | None) -> str:
    if not may_write:
        return "--write was not given"
    if id is None:
        return f"no --{KIND} was named that may be changed"
    return f"fewer than {CALLS_MAX} calls are left of --calls" if api.asker.budget.left < CALLS_MAX else ""


async def _try(api: Api, record: "_Record") -> None:
    configured, where, said = api.profile.patch_content_type, record.where, ""
    has_patch = False
    for content_type in (configured, *(each for each in CONTENT_TYPES if each != configured)):
        try:
            patched = await record.patch(record.text + MARK, content_type)
            is_changed = await record.says(record.text + MARK)
        except BaseException:  # nobody knows whether it was written, and Ctrl-C is no reason to leave it so
            await record.put_back(content_type)
            raise
        if is_changed:
            await record.put_back(content_type)
            if content_type == configured:
                api.holds(where, PROMISE, "patch_content_type")
            else:
                api.needs(where, PROMISE, "patch_content_type", content_type, f"{said} for {configured}")
                api.learn(patch_content_type=content_type)
            return
        has_patch = has_patch or patched.status not in NO_PATCH
        said = said or (f"{patched.status}, and nothing changed" if patched.is_good else patched.said)
    if not has_patch:
        api.not_tried(where, PROMISE, f"{said}: it takes no PATCH, which the gateway does not send yet")
        return
    api.fails(where, PROMISE, expected=f"another `{ATTRIBUTE}`", came=said, advice="fix the backend")


class _Record:
    """The record that was named, as it was before; `value` is None where it lacked the attribute, or had null."""

    def __init__(
        self, api: Api, operation: Operation, where: str, id: str, before: Mapping[str, Any], warn: Warn
    ) -> None:
        self.where = where
        self.value = before.get(ATTRIBUTE)
        self.text = "" if self.value is None else str(self.value)
        self._api = api
        self._operation = operation
        self._id = id
        self._warn = warn

    async def patch(self, value: object, content_type: str) -> Asked:
        """What the backend answers to another value; null takes the attribute away, as a merge patch has it."""
        path = self._api.record_path(self._operation, self._id)
        return await self._api.send("PATCH", path, {ATTRIBUTE: value}, content_type)

    async def says(self, value: object) -> bool:
        """Whether that is its value now; null and no attribute are one, and stand for an empty text too."""
        document = (await self._api.record(self._operation, self._id)).document
        return isinstance(document, dict) and document.get(ATTRIBUTE) in ((value, None) if value == "" else (value,))

    async def put_back(self, content_type: str) -> None:
        """The record as it was, even where whoever waits for that is cancelled meanwhile, which then has its way."""
        restoring = asyncio.create_task(self._restore(content_type))
        try:
            await asyncio.shield(restoring)
        except asyncio.CancelledError:
            await asyncio.wait([restoring])
            raise

    async def _restore(self, content_type: str) -> None:
        """Where it fails, it is said what is left to do by hand: at once too, for there may be no report."""
        came = "no answer in time"
        try:
            async with asyncio.timeout(PUT_BACK_SECONDS):
                came = (await self.patch(self.value, content_type)).said
                if await self.says(self.value):
                    return
        except TimeoutError:
            pass
        except Exception as error:
            came = str(error) or type(error).__name__
        except BaseException:
            self._say_what_is_left("it was cut short")
            raise
        self._say_what_is_left(came)

    def _say_what_is_left(self, came: str) -> None:
        advice = f"take{MARK} away from the end of its `{ATTRIBUTE}` by hand"
        self._api.fails(self.where, RESTORED, expected="the record as it was", came=came, advice=advice)
        self._warn(f"The {KIND} of --{KIND} may not be as it was ({came}): {advice}.")
