"""Task resources: questions that are posted, for one record and for several."""

from collections.abc import Iterator, Sequence
from typing import Any

from gateway.contract_kit.api import Api
from gateway.contract_kit.asking import HTML, Asked
from gateway.contract_kit.contract import Contract, Json, Operation
from gateway.contract_kit.listing import base_paths
from gateway.contract_kit.record_checks import check_error
from gateway.contract_kit.shape import as_read

AT_ONCE = 100
ROUNDS = 3
TRIED_ALONE = 6
PROMISE = "it is answered at once, as described"


async def check_task(api: Api, operation: Operation) -> None:
    """A question about records that are known; those that it knows nothing about are left out of the answer."""
    where = f"{operation.method} {api.resource(operation)}"
    if operation.body is None or not operation.reads_only:
        api.not_tried(where, PROMISE, "it writes")
        return
    kind = asked_kind(api.contract, operation.body)
    ids = api.samples.of_kind(kind)
    if not ids:
        api.not_tried(where, PROMISE, f"no {kind} is known; name one with --{kind}")
        return
    await _find(api, operation, ids[0])
    known = await _known(api, operation, where, ids)
    if known is None:
        return
    if not known:
        api.not_tried(
            where, PROMISE, f"it knows none of {min(len(ids), AT_ONCE * ROUNDS)} records; name one with --{kind}"
        )
        return
    await _check_several(api, operation, where, known)


async def _find(api: Api, operation: Operation, id: str) -> None:
    """Learns another base path, where the question has no answer at this one."""
    first = await _ask(api, operation, [id])
    if first.status not in (404, 405) and first.kind != HTML:
        return
    given = api.profile.base_path
    for base_path in base_paths(given):
        api.learn(base_path=base_path)
        asked = await _ask(api, operation, [id])
        if asked.is_good and isinstance(asked.document, dict):
            came = f"nothing at {given} ({first.said}); it is answered at {base_path or '/'}"
            where = f"{operation.method} {api.resource(operation)}"
            api.needs(where, "the base path is TM Forum's", "base_path", base_path, came)
            return
    api.learn(base_path=given)


async def _known(api: Api, operation: Operation, where: str, ids: Sequence[str]) -> list[str] | None:
    """Those of the ids that the backend answers for; None where it does not answer."""
    size = AT_ONCE if api.profile.batch_ids.value != "none" else 1
    for start in range(0, min(len(ids), size * ROUNDS), size):
        chunk = ids[start : start + size]
        asked = await _ask(api, operation, chunk)
        if not asked.is_good and len(chunk) > 1:
            asked = await _ask(api, operation, chunk[:1])
            chunk = chunk[:1]
        if not asked.is_good or not isinstance(asked.document, dict):
            api.fails(where, PROMISE, expected="201, a JSON object", came=asked.said, advice="fix the backend")
            return None
        likely = [id for id in _mentioned(api, operation, asked) if id in chunk]
        if likely:
            api.check_document(operation, where, PROMISE, asked.document)
            return await _known_alone(api, operation, likely)
    return []


async def _known_alone(api: Api, operation: Operation, likely: Sequence[str]) -> list[str]:
    """At most two that are answered for when they are asked for alone: others are mentioned as parts of these."""
    known: list[str] = []
    for id in likely[:TRIED_ALONE]:
        if len(known) < 2 and id in _mentioned(api, operation, await _ask(api, operation, [id])):
            known.append(id)
    return known


async def _check_several(api: Api, operation: Operation, where: str, known: Sequence[str]) -> None:
    """Two records in one question, where the backend knows two."""
    promise = "several records in one question"
    if len(known) < 2:
        api.not_tried(where, promise, "it knows one record only")
        return
    if api.profile.batch_ids.value == "none":
        api.holds(where, promise, "batch_ids")
        return
    asked = await _ask(api, operation, known)
    if asked.is_good and set(known) <= set(_mentioned(api, operation, asked)):
        api.holds(where, promise, "batch_ids")
        return
    came = asked.said if not asked.is_good else "one of the two"
    api.needs(where, promise, "batch_ids", "none", came, expected="an element for each of two")
    api.learn(batch_ids="none")


async def check_refusal(api: Api, operation: Operation) -> None:
    """A question that makes no sense is 400, and says so."""
    if "400" not in operation.answers or not operation.reads_only:
        return
    where, promise = f"{operation.method} {api.resource(operation)} 400", "a body that makes no sense is 400"
    asked = await api.send(operation.method, api.path(operation), {})
    if asked.status == 400:
        check_error(api, where, operation.answers["400"], asked)
    else:
        api.tolerates(where, promise, expected="400", came=asked.said, advice="the gateway sends no such body")


async def _ask(api: Api, operation: Operation, ids: Sequence[str]) -> Asked:
    body = question(api.contract, operation.body or {}, ids)
    return await api.send(operation.method, api.path(operation), body)


def question(contract: Contract, schema: Json, ids: Sequence[str]) -> Any:
    """The least that a schema asks for, with the ids where it says that ids of records stand."""
    schema = contract.resolved(schema)
    if schema.get("type") == "array":
        return [question(contract, schema["items"], [id]) for id in ids]
    if schema.get("type") == "object":
        return {name: question(contract, schema["properties"][name], ids) for name in schema.get("required", ())}
    if "x-identifies" in schema:
        return ids[0]
    return next(iter(schema.get("examples", ())), schema.get("example"))


def asked_kind(contract: Contract, schema: Json) -> str:
    """The kind of record that a question is about."""
    schema = contract.resolved(schema)
    if "x-identifies" in schema:
        return str(schema["x-identifies"])
    inner = [schema["items"]] if "items" in schema else schema.get("properties", {}).values()
    return next(filter(None, (asked_kind(contract, each) for each in inner)), "")


def _mentioned(api: Api, operation: Operation, asked: Asked) -> list[str]:
    """Every text in an answer, from the outside in, the question left out that many repeat in it."""
    if not isinstance(asked.document, dict):
        return []
    repeated = api.contract.resolved(operation.body or {}).get("properties", {})
    answer = {name: value for name, value in as_read(asked.document).items() if name not in repeated}
    return [text for _, text in sorted(_texts(answer, 0), key=lambda found: found[0])]


def _texts(value: Any, depth: int) -> Iterator[tuple[int, str]]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner, depth + 1)
    elif isinstance(value, str):
        yield depth, value
