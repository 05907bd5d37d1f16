"""The operations page says what is true."""

import re
from pathlib import Path

from gateway.metrics.series import ALL

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
GATEWAY = Path(__file__).parents[2] / "gateway"
EVENT = re.compile(r"\blog\.(?:debug|info|warning|error|exception)\(\s*\"(\w+)\"")
ROW = re.compile(r"\| `(telco_gateway_\w+)` \| (\w+) \| (.*?) \| (.*) \|")


def test_every_series_is_on_the_page() -> None:
    """By its name, kind and labels and with the same words as in `# HELP`; none that is not there."""
    on_page = [
        (name, kind, tuple(re.findall(r"`(\w+)`", labels)), says) for name, kind, labels, says in ROW.findall(PAGE)
    ]
    assert on_page == [(series.name, series.kind, series.labels, series.help) for series in ALL]


def test_what_is_named_elsewhere_is_a_series() -> None:
    """Queries and alerts on the page use series that exist."""
    names = {series.name for series in ALL}
    for name in re.findall(r"telco_gateway_\w+", PAGE):
        assert re.sub(r"_(bucket|sum|count)$", "", name) in names, name


def test_every_event_of_the_log_is_on_the_page() -> None:
    """Whatever is written to the log by a name has a row, or a part of one, that says what it tells."""
    written = {name for file in GATEWAY.rglob("*.py") for name in EVENT.findall(file.read_text("utf-8"))}
    table = PAGE.partition("| event | says |")[2].partition("\n\n")[0]
    told = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert len(written) > 25
    assert written - told == set()
