"""Offers a gateway requests at a steady rate, whatever comes back, and counts what is answered well; draws it."""

import asyncio
import json
from collections.abc import Callable

import aiohttp
import msgspec

TICK_SECONDS = 0.01
PATIENCE_SECONDS = 5.0
"""A client that waited so long has left."""

WIDTH, HEIGHT, LEFT, TOP = 860, 260, 60, 40
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.axis { stroke: #8c959f; } polyline { fill: none; stroke-width: 2; }
.offered { stroke: #8c959f; stroke-dasharray: 4 4; } .refused { stroke: #bf8700; } .good { stroke: #0969da; }
.memory { stroke: #1a7f37; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .good { stroke: #58a6ff; } .refused { stroke: #d29922; } .memory { stroke: #3fb950; }
}"""


class Moment(msgspec.Struct, frozen=True):
    """One second of a load: requests offered, answered well, refused early, and lost; memory at its end, in bytes."""

    at: int
    offered: int
    good: int
    refused: int
    lost: int
    resident_bytes: int


class Load(msgspec.Struct, frozen=True):
    """Where it goes, with what, and how the memory of the process there is read."""

    url: str
    query: str
    token: str
    resident_bytes: Callable[[], int]


async def offered(load: Load, rate: float, seconds: float) -> list[Moment]:
    """`rate` requests a second for so long; each counts in the second in which it ended."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {load.token}"}
    body = json.dumps({"query": load.query}).encode()
    counts = [{"offered": 0, "good": 0, "refused": 0, "lost": 0} for _ in range(int(seconds + PATIENCE_SECONDS) + 2)]
    memory: list[int] = []
    loop = asyncio.get_running_loop()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as client:
        began = loop.time()

        def second() -> int:
            return min(int(loop.time() - began), len(counts) - 1)

        async def one() -> None:
            counts[second()]["offered"] += 1
            outcome = "lost"
            try:
                async with (
                    asyncio.timeout(PATIENCE_SECONDS),
                    client.post(load.url, data=body, headers=headers) as reply,
                ):
                    text = await reply.read()
                    outcome = "good" if reply.status == 200 and b'"errors"' not in text else "refused"
            except (TimeoutError, aiohttp.ClientError):
                pass
            counts[second()][outcome] += 1

        tasks: set[asyncio.Task[None]] = set()
        made = 0
        while (now := loop.time() - began) < seconds:
            while made < now * rate:
                task = loop.create_task(one())
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                made += 1
            if len(memory) < int(now):
                memory.append(load.resident_bytes())
            await asyncio.sleep(TICK_SECONDS)
        memory.append(load.resident_bytes())
        if tasks:
            await asyncio.wait(tasks)
    return [Moment(at=at, resident_bytes=memory[min(at, len(memory) - 1)], **counts[at]) for at in range(int(seconds))]


def good_rate(moments: list[Moment]) -> float:
    """Requests answered well in a second, the first second left out: it has none that began before it."""
    return sum(moment.good for moment in moments[1:]) / max(len(moments) - 1, 1)


def chart(moments: list[Moment]) -> str:
    """The SVG: what was offered, answered well and refused in each second, and the memory, one line each."""
    most = max(moment.offered for moment in moments)
    most_bytes = max(moment.resident_bytes for moment in moments)
    lines = [
        ("offered", [moment.offered / most for moment in moments]),
        ("refused", [moment.refused / most for moment in moments]),
        ("good", [moment.good / most for moment in moments]),
        ("memory", [moment.resident_bytes / most_bytes for moment in moments]),
    ]
    legend = (
        f"requests a second (the top is {most}): grey offered, yellow refused early, blue answered well; "
        f"green: memory (the top is {most_bytes / 1e6:.0f} MB)"
    )
    right, bottom = WIDTH - 20, HEIGHT - 40
    parts = [f'<polyline class="axis" points="{LEFT},{TOP} {LEFT},{bottom} {right},{bottom}"/>']
    for name, values in lines:
        points = " ".join(
            f"{LEFT + index * (right - LEFT) / (len(values) - 1):.1f},{bottom - value * (bottom - TOP):.1f}"
            for index, value in enumerate(values)
        )
        parts.append(f'<polyline class="{name}" points="{points}"/>')
    parts.append(f'<text x="{LEFT}" y="20">{legend}</text>')
    parts.append(f'<text x="{right - 60}" y="{HEIGHT - 20}">{len(moments)} s</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    return "\n".join([head, f"<title>{legend}</title>", f"<style>{STYLE}</style>", *parts, "</svg>"]) + "\n"
