"""RESULTS.md, a section a benchmark; and the plots beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

FOLDER = Path(__file__).parent
COLOURS = ("#0b7285", "#66d9e8", "#e67700", "#ffd8a8")
SIZE, MARGIN = 360, 48


def put(heading: str, text: str) -> None:
    """Put this text under `## heading` of RESULTS.md, in the place of what stood there, or at the end."""
    file = FOLDER / "RESULTS.md"
    old = file.read_text("utf-8") if file.exists() else "# Results\n"
    section = f"## {heading}\n\n{text.strip()}\n"
    pattern = re.compile(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", re.M | re.S)
    added = f"{old.rstrip()}\n\n{section}"
    new = pattern.sub(lambda _: section + "\n", old, count=1) if pattern.search(old) else added
    file.write_text(new.rstrip() + "\n", "utf-8")


def draw(name: str, curves: Mapping[str, Sequence[tuple[float, float, float]]]) -> None:
    """Draw reliability curves beside RESULTS.md: what was said against how often it was so, the diagonal is right."""
    end = MARGIN + SIZE
    shapes = [
        f'<rect x="{MARGIN}" y="16" width="{SIZE}" height="{SIZE}" fill="none" stroke="#ced4da"/>',
        f'<path d="M{MARGIN} {16 + SIZE}L{end} 16" stroke="#ced4da" stroke-dasharray="4"/>',
        _text(MARGIN + SIZE / 2, SIZE + 48, "probability said", "middle"),
        _text(MARGIN - 8, 14, "share that was right", "start"),
    ]
    for step in range(6):
        at = step / 5
        shapes.append(_text(MARGIN + at * SIZE, SIZE + 32, f"{at:.1f}", "middle"))
        shapes.append(_text(MARGIN - 6, 20 + (1 - at) * SIZE, f"{at:.1f}", "end"))
    for place, (label, curve) in enumerate(curves.items()):
        colour = COLOURS[place % len(COLOURS)]
        points = [(MARGIN + p * SIZE, 16 + (1 - share) * SIZE) for p, share, _ in curve]
        line = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        shapes.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        shapes += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        shapes.append(
            f'<rect x="{MARGIN + 10}" y="{26 + 18 * place}" width="10" height="10" fill="{colour}"/>'
        )
        shapes.append(_text(MARGIN + 26, 35 + 18 * place, label, "start"))
    body = "".join(shapes)
    (FOLDER / name).write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {end + 16} {SIZE + 60}" role="img">'
        "<title>Reliability: probability said against share that was right</title>"
        f"<style>text{{font:12px system-ui,sans-serif}}</style>{body}</svg>\n",
        "utf-8",
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
