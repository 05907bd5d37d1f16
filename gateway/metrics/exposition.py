"""The numbers of all workers in Prometheus' text format."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from gateway.metrics.series import ALL, WORKER_UP, Sample, Series

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Worker = str
"""A worker's number, as its label says it."""


def exposition(samples: Mapping[Worker, Sequence[Sample] | None]) -> bytes:
    """Every series that has samples; of a worker that gave none, only that it did not."""
    by_series: dict[str, list[tuple[Worker, Sample]]] = {}
    for worker, given in samples.items():
        up = Sample(WORKER_UP.name, (), 0 if given is None else 1)
        for sample in (up, *(given or ())):
            by_series.setdefault(sample.series, []).append((worker, sample))
    lines = (line for series in ALL if series.name in by_series for line in _lines(series, by_series[series.name]))
    return "".join(f"{line}\n" for line in lines).encode()


def _lines(series: Series, samples: Sequence[tuple[Worker, Sample]]) -> Iterator[str]:
    yield f"# HELP {series.name} {series.help}"
    yield f"# TYPE {series.name} {series.kind}"
    for worker, sample in samples:
        labels = [("worker", worker), *zip(series.labels, sample.labels, strict=True)]
        if series.kind == "histogram":
            yield from _histogram(series, labels, sample)
        else:
            yield f"{series.name}{_braced(labels)} {_number(sample.value)}"


def _histogram(series: Series, labels: list[tuple[str, str]], sample: Sample) -> Iterator[str]:
    totals = list(accumulate(sample.counts))
    for bound, total in zip([*map(_number, series.bounds), "+Inf"], totals, strict=True):
        yield f"{series.name}_bucket{_braced([*labels, ('le', bound)])} {total}"
    yield f"{series.name}_sum{_braced(labels)} {_number(sample.value)}"
    yield f"{series.name}_count{_braced(labels)} {totals[-1]}"


def _braced(labels: Sequence[tuple[str, str]]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
