"""The page on backends that speak no TM Forum says what the tested example does."""

import ast
import re
from pathlib import Path
from textwrap import indent

import pytest

from gateway.adapters.json_api import JsonApi
from gateway.config import load_settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "backend-not-tmf.md").read_text("utf-8")
EXAMPLE = (ROOT / "examples" / "flat_billing.py").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_its_code_is_the_example_s(block: str) -> None:
    """Each block stands in the example, line by line; methods stand there within their class."""
    assert f"\n{block}" in EXAMPLE or f"\n{indent(block, '    ')}" in EXAMPLE


def test_its_configuration_is_one(tmp_path: Path) -> None:
    """The table loads, beside what every configuration needs."""
    (table,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    rest = """
    [identity]
    issuer = "urn:test"
    jwks_url = "https://login.example"
    [backends.provisioning]
    url = "https://inventory.example"
    [backends.crm]
    url = "https://crm.example"
    """
    file = tmp_path / "gateway.toml"
    file.write_text(table.replace("/run/secrets/billing", str(secret)) + rest, "utf-8")
    assert load_settings(file, {}).backends.billing.implementation == "flat_billing:FlatBilling"


def test_the_example_keeps_to_what_may_be_imported() -> None:
    """It is at most 150 lines, and imports of the gateway only what the page lists."""
    assert len(EXAMPLE.splitlines()) <= 150
    imported = [node.module for node in ast.walk(ast.parse(EXAMPLE)) if isinstance(node, ast.ImportFrom)]
    public = re.findall(r"^\| `(gateway\.\S+)` \|", PAGE, re.MULTILINE)
    assert len(public) == 3
    for module in imported:
        assert module is not None
        if module.startswith("gateway"):
            assert any(f"{module}.".startswith(f"{name}.") for name in public), module


def test_all_of_the_public_class_is_listed() -> None:
    """What `JsonApi` has, by name, and nothing that it does not have."""
    listed = re.findall(r"`([a-z_]+)`", PAGE.partition("| `JsonApi`: ")[2].partition("`OneByOne`")[0])
    assert set(listed) == {name for name in vars(JsonApi) if not name.startswith("_")}
