"""The query editor: complete in the package, and allowed to run nothing else."""

import re

import aiohttp
import pytest
from graphql import parse, validate

from gateway.http import graphiql
from gateway.schema import build_graph

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_page_needs_no_other_site(http_client: aiohttp.ClientSession, url: str) -> None:
    """Every file the page names is served by the gateway, with its type and a strict policy."""
    async with http_client.get(url) as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        policy = response.headers["Content-Security-Policy"]
        page = await response.text()
    assert "default-src 'none'; script-src 'self';" in policy
    assert "http" not in policy
    names = re.findall(r'(?:src|href)="(/[^"]*)"', page)
    assert len(names) == 6
    for name in names:
        async with http_client.get(f"{url}{name}") as response:
            assert (response.status, response.content_type) == (
                200,
                "text/css" if name.endswith(".css") else "text/javascript",
            )


async def test_files_are_listed() -> None:
    """The list of served files is exactly what is in the folder, apart from code and licences."""
    files = {path.name for path in graphiql.FOLDER.iterdir() if path.is_file()}
    assert files - {"__init__.py", "README.md", "LICENSE.graphiql", "LICENSE.react"} == set(graphiql.CONTENT_TYPES)


async def test_first_query_is_valid() -> None:
    """The query the editor opens with is one of this graph."""
    document = parse((graphiql.FOLDER / "default.graphql").read_text())
    assert validate(build_graph().schema, document) == []
