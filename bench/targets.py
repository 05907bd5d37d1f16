"""What the gateway is to reach, each as a ratio of two rates of one run, and whether it does."""

from collections.abc import Callable, Sequence
from statistics import median

import msgspec

from bench.contenders import (
    BARE,
    CACHE_WARM,
    CONSTANT,
    MERCURIUS,
    NODE_PEERS,
    SHARING_OFF,
    SHARING_ON,
    WORKERS,
)
from bench.executor import Executor
from bench.rounds import Result, Results
from bench.soak_result import GROWTH_MAX_PERCENT, Soak

MEGABYTE = 1_000_000
IDENTICAL, MANY = ("Q2", "Q3"), ("Q2 of 200", "Q3 of 200")


class Verdict(msgspec.Struct, frozen=True):
    """One target; `values` are those of each round, none where it could not be measured."""

    what: str
    bound: str
    values: tuple[float, ...]
    is_reached: bool

    @property
    def word(self) -> str:
        """What the report says."""
        if not self.values:
            return "not measured"
        return "reached" if self.is_reached else "**missed**"

    @property
    def value(self) -> str:
        """The median, and its span where there were several rounds."""
        if not self.values:
            return "–"
        middle = f"{median(self.values):.4g}"
        span = f" ({min(self.values):.4g} – {max(self.values):.4g})" if len(self.values) > 1 else ""
        return middle + span


def at_least(what: str, bound: float, values: Sequence[float], unit: str = " ×") -> Verdict:
    """Reached where the median is not below the bound."""
    return Verdict(what, f"≥ {bound:g}{unit}", tuple(values), bool(values) and median(values) >= bound)


def at_most(what: str, bound: float, values: Sequence[float], unit: str = " ×") -> Verdict:
    """Reached where the median is not above the bound."""
    return Verdict(what, f"≤ {bound:g}{unit}", tuple(values), bool(values) and median(values) <= bound)


def verdicts(results: Results, executor: Executor | None, soak: Soak | None) -> list[Verdict]:
    """All targets, in the order of the issue."""
    return [*_of_rates(results), *_of_the_executor(executor), *_of_size(results, soak)]


def _of_rates(results: Results) -> list[Verdict]:
    best = [
        at_least(f"{load}: {SHARING_ON} / best Node peer", bound, _against_best(results, load))
        for loads, bound in ((IDENTICAL, 2.0), (MANY, 1.3))
        for load in loads
    ]
    floor = [
        at_least(f"{load}: {SHARING_OFF} / no GraphQL", 0.75, _ratio(results, SHARING_OFF, BARE, load))
        for load in ("Q1", *IDENTICAL)
    ]
    warm = [
        at_least(f"{load}: {CACHE_WARM} / {uncached}", 3, _ratio(results, CACHE_WARM, uncached, load))
        for loads, uncached in ((IDENTICAL, SHARING_OFF), (MANY, SHARING_ON))
        for load in loads
    ]
    return [
        *best,
        at_least(f"Q1: {SHARING_ON} / Mercurius", 1, _ratio(results, SHARING_ON, MERCURIUS, "Q1")),
        *floor,
        *warm,
        at_least(f"Q1: {CACHE_WARM} / constant bytes", 0.5, _ratio(results, CACHE_WARM, CONSTANT, "Q1")),
    ]


def _of_the_executor(executor: Executor | None) -> list[Verdict]:
    def of(value: Callable[[Executor], float]) -> list[float]:
        return [] if executor is None else [value(executor)]

    return [
        at_least("executor alone, 50 lines with SIM: graphql-core / ours", 15, of(lambda each: each.speedup)),
        at_least("requests whose plan was made already", 99.9, of(lambda each: each.hit_percent), " %"),
        at_most("a document seen first / parse and validate", 1.2, of(lambda each: each.cold_ratio)),
    ]


def _of_size(results: Results, soak: Soak | None) -> list[Verdict]:
    short, long = results.find(SHARING_OFF, "Q2"), results.find(SHARING_OFF, "Q2 long")
    workers = _ratio(results, WORKERS, SHARING_ON, MANY[0])
    warm = [each.resident_bytes / MEGABYTE for each in results.results if each.contender == CACHE_WARM]
    return [
        at_most("cost of 500 lines / cost of 50", 11, _by_round(short, long)),
        at_most(
            f"growth of memory in {10 if soak is None else soak.minutes:.0f} minutes of mixed load",
            GROWTH_MAX_PERCENT,
            [] if soak is None else [soak.growth_percent],
            " %",
        ),
        at_least("Q2 of 200: two workers on both cores / one on one", 1.2, workers),
        at_most("resident memory of a worker, cache warm", 150, [max(warm)] if warm else [], " MB"),
    ]


def _against_best(results: Results, load: str) -> list[float]:
    """Ours to the Node peer with the highest median in a load."""
    found = [each for name in NODE_PEERS if (each := results.find(name, load)) is not None]
    return _by_round(results.find(SHARING_ON, load), max(found, key=lambda each: each.rate, default=None))


def _ratio(results: Results, ours: str, theirs: str, load: str) -> list[float]:
    return _by_round(results.find(ours, load), results.find(theirs, load))


def _by_round(ours: Result | None, theirs: Result | None) -> list[float]:
    """One ratio for each round: what the machine did in it happened to both."""
    if ours is None or theirs is None:
        return []
    return [one / other for one, other in zip(ours.rates, theirs.rates, strict=True)]
