"""Evaluations as a picture: a bar with its interval for each language pair and mode, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from index.evaluate import Evaluation, Interval

WIDTH, LEFT, RIGHT = 720, 96, 72
BAR, GAP, GROUP = 18, 4, 18
COLOURS = ("#0b7285", "#adb5bd", "#e67700")
_STYLE = "text{font:12px system-ui,sans-serif;fill:#212529}.faint{fill:#868e96}"


def plot(evaluations: Sequence[Evaluation], measure: str = "nDCG@10") -> str:
    """An SVG of one measure, a group of bars a language pair, a bar an evaluation, whiskers for 95 % intervals."""
    pairs = [row.pair for row in evaluations[0].rows] if evaluations else []
    shapes = [_legend(evaluations, measure)]
    top = 40.0
    for pair in pairs:
        shapes.append(_text(LEFT - 10, top + BAR * len(evaluations) / 2 + 4, pair, anchor="end"))
        for place, evaluation in enumerate(evaluations):
            row = next((row for row in evaluation.rows if row.pair == pair), None)
            if row:
                shapes.append(_bar(top, row.measures[measure], COLOURS[place % len(COLOURS)]))
            top += BAR + GAP
        top += GROUP
    ticks = [_tick(share / 5, top) for share in range(6)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 24:.0f}" role="img">'
        f"<title>{escape(measure)} by language pair</title><style>{_STYLE}</style>"
        + "".join([*ticks, *shapes])
        + "</svg>\n"
    )


def _x(value: float) -> float:
    return LEFT + value * (WIDTH - LEFT - RIGHT)


def _bar(top: float, value: Interval, colour: str) -> str:
    middle = top + BAR / 2
    return (
        f'<rect x="{LEFT}" y="{top:.1f}" width="{_x(value.mean) - LEFT:.1f}" height="{BAR}" rx="2" fill="{colour}"/>'
        f'<path d="M{_x(value.low):.1f} {middle:.1f}H{_x(value.high):.1f}" stroke="#212529" stroke-width="1.5"/>'
        + _text(_x(max(value.high, value.mean)) + 6, middle + 4, f"{value.mean:.3f}")
    )


def _legend(evaluations: Sequence[Evaluation], measure: str) -> str:
    parts, left = [_text(LEFT, 18, measure)], LEFT + 90.0
    for place, evaluation in enumerate(evaluations):
        colour = COLOURS[place % len(COLOURS)]
        parts.append(f'<rect x="{left:.0f}" y="8" width="12" height="12" rx="2" fill="{colour}"/>')
        parts.append(_text(left + 18, 18, evaluation.name))
        left += 40 + 7 * len(evaluation.name)
    return "".join(parts)


def _tick(share: float, bottom: float) -> str:
    x = _x(share)
    return (
        f'<path d="M{x:.1f} 32V{bottom - GROUP:.1f}" stroke="#e9ecef"/>'
        f'<text class="faint" x="{x:.1f}" y="{bottom + 4:.1f}" text-anchor="middle">{share:.1f}</text>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
