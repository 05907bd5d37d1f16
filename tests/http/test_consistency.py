"""A client that wrote something sends back the token of that answer, and reads follow."""

from collections.abc import Callable

import aiohttp
import pytest

from tests.http.conftest import Work

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ask(client: aiohttp.ClientSession, url: str, token: str, consistency: str) -> tuple[int, str]:
    """The status and the text of an answer."""
    headers = {"Authorization": f"Bearer {token}", "X-Consistency": consistency, "Content-Type": "application/json"}
    async with client.post(f"{url}/graphql", data=b'{"query": "{ __typename }"}', headers=headers) as response:
        return response.status, await response.text()


async def test_the_own_company_is_caught_up_with(
    http_client: aiohttp.ClientSession, url: str, token: Callable[..., str], work: Work
) -> None:
    """Before anything is read, and never for a company whose data the viewer may not see."""
    work.caught_up.clear()
    assert (await ask(http_client, url, token(), "org-0001=7"))[0] == 200
    assert (await ask(http_client, url, token(), "org-0002=9"))[0] == 200
    assert work.caught_up == [("org-0001", 7)]


@pytest.mark.parametrize("consistency", ["", "7", "org-0001=", "org-0001=seven", "org-0001=7, org-0002=8"])
async def test_what_no_answer_said_is_refused(
    http_client: aiohttp.ClientSession, url: str, token: Callable[..., str], consistency: str
) -> None:
    """With the header's name, and what to do."""
    status, text = await ask(http_client, url, token(), consistency)
    assert status == 400
    assert "X-Consistency is not what an answer of this graph said" in text
