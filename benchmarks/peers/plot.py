"""The plot: processor time of an answer, by size, a line a peer, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from benchmarks import results
from benchmarks.peers.table import rows_of

WIDTH, HEIGHT, LEFT, TOP, LEGEND = 420, 320, 56, 24, 260
COLOURS = (
    "#0b7285",
    "#15aabf",
    "#99e9f2",
    "#e67700",
    "#862e9c",
    "#2b8a3e",
    "#a9e34b",
    "#c92a2a",
    "#495057",
    "#f783ac",
)


def points(known: Mapping[str, Any]) -> dict[str, list[tuple[int, float]]]:
    """By label, the numbers of passages and the milliseconds of processor time of an answer."""
    found: dict[str, list[tuple[int, float]]] = {}
    for of_size in known["found"].values():
        for peer, figures in of_size.items():
            for row in rows_of(peer, figures):
                if row.cpu_ms:
                    name = row.label if row.over_http else f"{row.label} (in process)"
                    found.setdefault(name, []).append((int(figures["passages"]), row.cpu_ms))
    return found


def svg(lines: Mapping[str, list[tuple[int, float]]]) -> str:
    """The picture."""
    everything = [point for line in lines.values() for point in line]
    low, high = min(p for p, _ in everything), max(p for p, _ in everything)
    least = 10 ** math.floor(math.log10(min(r for _, r in everything)))
    most = 10 ** math.ceil(math.log10(max(r for _, r in everything)))

    def x(passages: float) -> float:
        return LEFT + WIDTH * math.log(passages / low) / max(math.log(high / low), 1e-9)

    def y(ms: float) -> float:
        return TOP + HEIGHT * (1 - math.log(ms / least) / max(math.log(most / least), 1e-9))

    shapes = []
    for power in range(round(math.log10(least)), round(math.log10(most)) + 1):
        at = y(10.0**power)
        shapes.append(f'<path d="M{LEFT} {at:.1f}h{WIDTH}" stroke="#dee2e6"/>')
        shapes.append(_text(LEFT - 6, at + 4, f"{10.0**power:g}", "end"))
    for passages in sorted({p for p, _ in everything}):
        shapes.append(_text(x(passages), TOP + HEIGHT + 18, f"{passages:,}", "middle"))
    shapes.append(_text(LEFT, 12, "ms of processor time of an answer", "start"))
    shapes.append(_text(LEFT + WIDTH / 2, TOP + HEIGHT + 38, "passages", "middle"))
    for place, (label, line) in enumerate(lines.items()):
        colour = COLOURS[place % len(COLOURS)]
        path = "L".join(f"{x(p):.1f} {y(r):.1f}" for p, r in sorted(line))
        shapes.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        shapes += [f'<circle cx="{x(p):.1f}" cy="{y(r):.1f}" r="3" fill="{colour}"/>' for p, r in line]
        at = LEFT + WIDTH + 24
        shapes.append(f'<rect x="{at}" y="{TOP + 18 * place}" width="10" height="10" fill="{colour}"/>')
        shapes.append(_text(at + 16, TOP + 9 + 18 * place, label, "start"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + LEGEND + 60} {TOP + HEIGHT + 48}"'
        ' role="img">'
        "<title>Processor time of an answer, by number of passages</title>"
        f"<style>text{{font:12px system-ui,sans-serif}}</style>{''.join(shapes)}</svg>\n"
    )


def draw(known: Mapping[str, Any]) -> None:
    """Put it beside RESULTS.md."""
    (results.FOLDER / "peers.svg").write_text(svg(points(known)), "utf-8")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
