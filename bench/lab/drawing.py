"""Draw SVG by hand: shapes, scales, and colours that can be read on light and on dark."""

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path

COLOURS = ("#2f6fde", "#c2570c", "#0f8a6d", "#a0439c", "#8a7400", "#6b7280", "#c0392b")
"""One a stack; each has a contrast of at least 3 on white and on near black."""

_STYLE = """
  svg { color-scheme: light dark; font: 13px system-ui, sans-serif; }
  .paper { fill: #ffffff; } .ink { fill: #1c2128; } .faint { fill: #57606a; }
  .rule { stroke: #d0d7de; stroke-width: 1; } .title { font-weight: 600; font-size: 15px; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; } .ink { fill: #e6edf3; } .faint { fill: #9198a1; } .rule { stroke: #3d444d; }
  }
"""


class Drawing:
    """A picture that grows shape by shape; lengths are pixels."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self._size = width, height
        self._title = title
        self._parts: list[str] = []

    def text(self, x: float, y: float, text: str, kind: str = "ink", *, anchor: str = "start", fill: str = "") -> None:
        """Write a line; `kind` is any of the style's classes, `fill` a colour in its place."""
        colour = f' style="fill:{fill}"' if fill else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"{colour}>{escape(text)}</text>'
        )

    def rule(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Draw a thin line."""
        self._parts.append(f'<line class="rule" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def bar(self, x: float, y: float, width: float, height: float, fill: str, *, opacity: float = 1.0) -> None:
        """Draw a filled rectangle."""
        fade = f' opacity="{opacity:.2f}"' if opacity < 1 else ""
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.1):.1f}" height="{height:.1f}" fill="{fill}"{fade}/>'
        )

    def path(self, points: Sequence[tuple[float, float]], colour: str, hollow: Sequence[bool]) -> None:
        """Draw a line through points, with a dot at each; some of them hollow."""
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for (x, y), is_hollow in zip(points, hollow, strict=True):
            fill = 'class="paper"' if is_hollow else f'fill="{colour}"'
            self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" {fill} stroke="{colour}" stroke-width="2"/>')

    def save(self, path: Path) -> None:
        """Write the file."""
        width, height = self._size
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">'
        paper = f'<rect class="paper" width="{width:g}" height="{height:g}"/>'
        title = f"<title>{escape(self._title)}</title>"
        path.write_text("\n".join([head, title, f"<style>{_STYLE}</style>", paper, *self._parts, "</svg>"]) + "\n")


def log_scale(low: float, high: float, start: float, end: float) -> "LogScale":
    """Return a scale from values to pixels on which equal factors are equally far."""
    return LogScale(math.log(low), math.log(max(high, low * 1.01)), start, end)


class LogScale:
    """Places values; the ends of the range are at `start` and `end`."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._high, self._start, self._end = low, high, start, end

    def __call__(self, value: float) -> float:
        """Return where a value stands."""
        share = (math.log(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)
