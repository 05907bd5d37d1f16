"""The configuration page says what is true."""

import re
from pathlib import Path

import msgspec
import pytest

from gateway.config import (
    API_DEFAULTS,
    BackendSettings,
    BreakerPolicy,
    Profile,
    RetryPolicy,
    Settings,
    TlsSettings,
    load_settings,
)

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")


def test_the_example_is_a_configuration(tmp_path: Path) -> None:
    """The file to begin with loads, once its secrets are there."""
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    file = tmp_path / "gateway.toml"
    file.write_text(re.sub(r"file:/run/secrets/\w+", f"file:{secret}", example), "utf-8")
    settings = load_settings(file, {})
    assert settings.backends.crm.apis["troubleTicket"]["batch_ids"] == "none"
    assert settings.server.cors_origins == ("https://selfcare.example",)


def _names(settings: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(settings)}


@pytest.mark.parametrize(
    "names",
    [
        {
            f"{section.name}.{name}"
            for section in msgspec.structs.fields(Settings)
            if isinstance(section.type, type) and section.name != "backends"
            for name in _names(section.type)
        },
        _names(BackendSettings) - {"auth", "tls", "apis"},
        {f"tls.{name}" for name in _names(TlsSettings)},
        _names(RetryPolicy),
        _names(BreakerPolicy),
        _names(Profile),
        {api for apis in API_DEFAULTS.values() for api in apis},
        {section.name for section in msgspec.structs.fields(Settings) if not isinstance(section.type, type)},
    ],
)
def test_every_setting_is_on_the_page(names: set[str]) -> None:
    """A setting that is added shows here until it is described."""
    assert {name for name in names if f"`{name}`" not in PAGE} == set()
