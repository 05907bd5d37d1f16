"""Records by id: in batches where the backend takes them, matched by id, never by position."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TypeVar

import structlog

from gateway.adapters._api import ID_MAX_LENGTH, UNASKABLE, Api, Row
from gateway.adapters._parallel import in_parallel
from gateway.config import Batching
from gateway.errors import GatewayError

log = structlog.get_logger()

R = TypeVar("R", bound=Row)

# A URL of about 8,000 characters is refused by many servers; percent-encoding makes an id three times as long.
BATCH_MAX_LENGTH = 2_000


async def rows_by_id(api: Api, path: str, ids: Iterable[str], row: type[R]) -> dict[str, R | GatewayError]:
    """What `path` has under each id; an id it hasn't is left out. An error stands for the ids of its own call."""
    unique = [id for id in dict.fromkeys(ids) if id not in UNASKABLE and len(id) <= ID_MAX_LENGTH]
    return await _chunks(api, path, row, batches(api, unique, api.profile.batch_ids))


def batches(api: Api, ids: Sequence[str], batching: Batching) -> list[list[str]]:
    """Ids that one call may ask for together; one with a comma, which would be taken for two, goes alone."""
    if batching is Batching.NONE:
        return [[id] for id in ids]
    most = min(api.profile.batch_max, api.profile.limit_max)
    joined = "".join(ids)
    if 0 < len(ids) <= most and len(joined) <= BATCH_MAX_LENGTH and "," not in joined:
        return [list(ids)]  # nearly always
    chunks: list[list[str]] = [[id] for id in ids if "," in id]
    open_chunk: list[str] = []
    length = 0
    for id in ids:
        if "," in id:
            continue
        length += len(id)
        if len(open_chunk) == most or length > BATCH_MAX_LENGTH:
            chunks.append(open_chunk)
            open_chunk, length = [], len(id)
        open_chunk.append(id)
    return [*chunks, open_chunk] if open_chunk else chunks


async def _chunks(api: Api, path: str, row: type[R], chunks: Sequence[Sequence[str]]) -> dict[str, R | GatewayError]:
    found: dict[str, R | GatewayError] = {}
    for chunk, rows in zip(chunks, await in_parallel(chunks, partial(_chunk, api, path, row)), strict=True):
        found.update(dict.fromkeys(chunk, rows) if isinstance(rows, GatewayError) else rows)
    return found


async def _chunk(api: Api, path: str, row: type[R], ids: Sequence[str]) -> dict[str, R | GatewayError]:
    if len(ids) == 1:
        return await _singles(api, path, ids, row)
    answer = await api.page(path, [api.any_of("id", ids)], row, limit=len(ids), batch=len(ids))
    rows = answer.value or []
    asked = set(ids)
    found: dict[str, R | GatewayError] = {row.id: row for row in rows if row.id in asked}
    strangers = 0 if len(found) == len(rows) else sum(row.id not in asked for row in rows)
    api.log_dropped(path, strangers, "batch_ids")
    is_capped = answer.is_partial or (answer.total is not None and answer.total > len(rows))
    missing = [id for id in ids if id not in found]
    if strangers or (is_capped and len(found) < 2):  # the filter or the limit had no effect: absence proves nothing
        return found | await _singles(api, path, missing, row)
    if missing and found and (is_capped or answer.total is None):  # without a count, a cap is silent
        return found | await _rest(api, path, row, missing, len(found))
    return found or await _unless_literal(api, path, ids, row)


async def _rest(api: Api, path: str, row: type[R], ids: Sequence[str], page: int) -> dict[str, R | GatewayError]:
    """What is missing of a page that had room for so many rows only, asked for in batches that fit on such pages."""
    found = await _chunks(api, path, row, [ids[start : start + page] for start in range(0, len(ids), page)])
    if found:  # else the backend claims more than was asked for, and the ids are unknown
        log.warning("backend_page_capped", backend=api.backend, path=path, rows=page, see=api.setting("limit_max"))
    return found


async def _unless_literal(api: Api, path: str, ids: Sequence[str], row: type[R]) -> dict[str, R | GatewayError]:
    """After a batch that found nothing: nothing, unless the first id exists, so that the batch was taken for one id."""
    first = (await _singles(api, path, ids[:1], row)).get(ids[0])
    if first is None:
        return {}
    if isinstance(first, GatewayError):  # nobody knows which of them exist
        return dict.fromkeys(ids, first)
    log.warning("backend_batch_not_understood", backend=api.backend, path=path, see=api.setting("batch_ids"))
    return {ids[0]: first} | await _singles(api, path, ids[1:], row)


async def _singles(api: Api, path: str, ids: Sequence[str], row: type[R]) -> dict[str, R | GatewayError]:
    found = await in_parallel(ids, partial(_single, api, path, row))
    return {id: row for id, row in zip(ids, found, strict=True) if row is not None}


async def _single(api: Api, path: str, row: type[R], id: str) -> R | None:
    found = await api.get(path, id, row)
    if found is not None and found.id != id:
        api.log_dropped(f"{path}/{{id}}", 1)
        return None
    return found
