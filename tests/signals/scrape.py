"""What Prometheus' own parser reads at an address."""

from typing import NamedTuple

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

Labels = dict[str, str]


class Scrape(NamedTuple):
    """Samples by their whole name, `…_total` or `…_bucket`, each with its labels; and the kind of each family."""

    samples: dict[str, list[tuple[Labels, float]]]
    kinds: dict[str, str]

    def value(self, name: str, **labels: str) -> float:
        """The one sample of the name that has these labels among its own."""
        (value,) = self.values(name, **labels)
        return value

    def values(self, name: str, **labels: str) -> list[float]:
        """Those that have these labels, in the order of the workers."""
        found = self.samples.get(f"telco_gateway_{name}", [])
        return [value for its, value in found if labels.items() <= its.items()]

    def labels(self, name: str) -> set[str]:
        """The names of the labels of a series."""
        return {label for its, _ in self.samples[name] for label in its}


def parsed(text: str) -> Scrape:
    """As Prometheus reads it; an error for what it would refuse."""
    samples: dict[str, list[tuple[Labels, float]]] = {}
    kinds: dict[str, str] = {}
    for family in text_string_to_metric_families(text):
        kinds[family.name] = family.type
        for sample in family.samples:
            samples.setdefault(sample.name, []).append((sample.labels, sample.value))
    return Scrape(samples, kinds)


async def scraped(client: aiohttp.ClientSession, url: str) -> Scrape:
    """What is there now."""
    async with client.get(url) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return parsed(await response.text())
