"""The results as a picture: a group of bars for each load, in SVG by hand, readable on light and dark pages."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from bench.contenders import (
    APOLLO,
    BARE,
    BARE_SHARING,
    CACHE_WARM,
    MERCURIUS,
    SHARING_OFF,
    SHARING_ON,
    STRAWBERRY,
    YOGA,
)
from bench.rounds import Results

SHOWN = (SHARING_ON, SHARING_OFF, CACHE_WARM, MERCURIUS, YOGA, APOLLO, STRAWBERRY, BARE, BARE_SHARING)
TITLES = {
    "Q1": "Q1, one company: 1 call, 1 object",
    "Q2": "Q2, one company: 3 calls, 101 objects",
    "Q3": "Q3, one company: 4 calls, 249 objects",
    "Q2 of 200": "Q2, 200 companies in turn",
    "Q3 of 200": "Q3, 200 companies in turn",
}
WIDTH, LABEL, NUMBER = 860, 270, 70
BAR, GAP, TITLE, MARGIN = 15, 5, 30, 14
CLASSES = {SHARING_ON: "ours", SHARING_OFF: "ours", CACHE_WARM: "ours", BARE: "bound", BARE_SHARING: "bound"}
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 13px; }
.ours { fill: #0969da; } .peer { fill: #8c959f; } .bound { fill: #bf8700; } .span { stroke: #24292f; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .ours { fill: #58a6ff; } .peer { fill: #6e7681; } .bound { fill: #d29922; } .span { stroke: #e6edf3; }
}"""


def chart(results: Results) -> str:
    """The SVG; bars are medians, the thin lines reach from the slowest round to the fastest."""
    parts: list[str] = []
    top = float(MARGIN)
    for load, title in TITLES.items():
        rows = _rows(results, load)
        if rows:
            parts.extend(_group(title, rows, top))
            top += TITLE + len(rows) * (BAR + GAP) + MARGIN
    legend = (
        "requests a second on one core, the line from the slowest round to the fastest; "
        "blue: telco-gateway, grey: peers, yellow: no GraphQL"
    )
    parts.append(f'<text x="{MARGIN}" y="{top + 8:.0f}">{legend}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 20:.0f}" role="img">'
    return "\n".join([head, f"<title>{legend}</title>", f"<style>{STYLE}</style>", *parts, "</svg>"]) + "\n"


def _rows(results: Results, load: str) -> list[tuple[str, list[float], float]]:
    """(contender, rates, median) of those that were measured."""
    found = [(name, results.find(name, load)) for name in SHOWN]
    return [(name, each.rates, each.rate) for name, each in found if each is not None]


def _group(title: str, rows: Sequence[tuple[str, list[float], float]], top: float) -> Iterator[str]:
    yield f'<text class="title" x="{MARGIN}" y="{top + 14:.0f}">{escape(title)}</text>'
    scale = (WIDTH - LABEL - NUMBER - MARGIN) / max(max(rates) for _, rates, _ in rows)
    for index, (name, rates, rate) in enumerate(rows):
        y = top + TITLE - 6 + index * (BAR + GAP)
        middle, text = y + BAR / 2, y + BAR - 3
        low, high = (LABEL + value * scale for value in (min(rates), max(rates)))
        kind = CLASSES.get(name, "peer")
        yield f'<text x="{LABEL - 8}" y="{text:.1f}" text-anchor="end">{escape(name)}</text>'
        yield f'<rect class="{kind}" x="{LABEL}" y="{y:.1f}" width="{rate * scale:.1f}" height="{BAR}" rx="2"/>'
        yield f'<path class="span" d="M{low:.1f} {middle:.1f}H{high:.1f}"/>'
        yield f'<text x="{high + 6:.1f}" y="{text:.1f}">{rate:,.0f}</text>'
