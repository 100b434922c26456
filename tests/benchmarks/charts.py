"""Bars and lines as SVG, readable in the light and in the dark, with no library to keep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH: Final = 760
_LABELS: Final = 300
_ROW: Final = 26
_TOP: Final = 56
_PLOT: Final = 240
_STYLE: Final = """
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.quiet { fill: #59636e; }
.good { fill: #1a7f37; } .over { fill: #bc4c00; } .plain { fill: #0969da; }
.target { stroke: #1f2328; stroke-width: 2; }
.axis { stroke: #d1d9e0; stroke-width: 1; }
.line0 { stroke: #0969da; } .line1 { stroke: #bc4c00; }
.line { fill: none; stroke-width: 2.5; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; } .quiet { fill: #9198a1; }
  .good { fill: #3fb950; } .over { fill: #f0883e; } .plain { fill: #4493f8; }
  .target { stroke: #f0f6fc; } .axis { stroke: #3d444d; }
  .line0 { stroke: #4493f8; } .line1 { stroke: #f0883e; }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar; a `target` is a mark beside which it should end, on the good side."""

    label: str
    value: float
    target: float | None = None
    at_least: bool = False

    @property
    def look(self) -> str:
        """Its class: good or over where there is a target."""
        if self.target is None:
            return "plain"
        good = self.value >= self.target if self.at_least else self.value <= self.target
        return "good" if good else "over"


def bars(title: str, rows: Sequence[Bar], *, unit: str = "") -> str:
    """Return horizontal bars from zero; a mark stands at each bar's target."""
    longest = max(max(row.value, row.target or 0.0) for row in rows) or 1.0
    scale = (WIDTH - _LABELS - 90) / longest
    parts = []
    for number, row in enumerate(rows):
        y = _TOP + number * _ROW
        parts.append(_text(_LABELS - 10, y + 13, row.label, anchor="end"))
        width = max(1.0, row.value * scale)
        parts.append(_rect(_LABELS, y, width, 18, row.look))
        end = _LABELS + max(width, (row.target or 0.0) * scale) + 8
        said = (
            f"{row.value:,.2f}" if longest < 100 else f"{row.value:,.0f}"
        )  # three digits say enough
        parts.append(_text(end, y + 13, f"{said} {unit}".strip()))
        if row.target is not None:
            x = _LABELS + row.target * scale
            parts.append(_line(x, y - 3, x, y + 21, "target"))
    return _svg(title, parts, _TOP + len(rows) * _ROW + 12, "| target")


def lines(title: str, series: Mapping[str, Mapping[str, float]], *, unit: str, across: str) -> str:
    """Return one line for each name, over numbers given as text, from zero upwards."""
    highest = max(max(points.values()) for points in series.values()) * 1.15
    farthest = max(float(x) for points in series.values() for x in points) or 1.0
    left, right, bottom = 60, WIDTH - 20, _TOP + _PLOT
    parts = [_line(left, bottom, right, bottom, "axis")]
    for step in range(1, 5):
        level = bottom - _PLOT * step / 4
        parts += [
            _line(left, level, right, level, "axis"),
            _text(left - 8, level + 4, f"{highest * step / 4:,.0f}", anchor="end"),
        ]
    for number, (name, points) in enumerate(series.items()):
        at = " ".join(
            f"{left + (right - left) * float(x) / farthest:.1f},{bottom - _PLOT * y / highest:.1f}"
            for x, y in points.items()
        )
        parts.append(f'<polyline class="line line{number}" points="{at}"/>')
        x = left + 12 + number * 240
        parts += [_line(x, bottom + 40, x + 24, bottom + 40, f"line line{number}")]
        parts.append(_text(x + 32, bottom + 44, name))
    parts.append(_text(left, bottom + 18, "0", look="quiet"))
    parts.append(_text(right, bottom + 18, f"{farthest:,.0f} {across}", "end", "quiet"))
    return _svg(title, parts, bottom + 60, unit)


def _svg(title: str, parts: Sequence[str], height: float, note: str) -> str:
    size = f'viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    named = f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    texts = [_text(16, 26, title, look="title"), _text(WIDTH - 16, 26, note, "end", "quiet")]
    return "\n".join([head, named, *texts, *parts, "</svg>", ""])


def _text(x: float, y: float, text: str, anchor: str = "start", look: str = "") -> str:
    style = f' class="{look}"' if look else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{escape(text)}</text>'


def _rect(x: float, y: float, width: float, height: float, look: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:g}"'
    return f'<rect {place} rx="2" class="{look}"/>'


def _line(x: float, y: float, to_x: float, to_y: float, look: str) -> str:
    place = f'x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"'
    return f'<line {place} class="{look}"/>'
