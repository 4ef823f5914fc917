"""The reliability curve as a small SVG: on the diagonal, a probability means what it says."""

from collections.abc import Sequence
from typing import Final

from model.evaluation import Bin

SIZE: Final = 320
EDGE: Final = 44
INK: Final = "#1d3557"
GREY: Final = "#9aa5b1"


def draw(curve: Sequence[Bin]) -> str:
    """A picture of the curve, readable without anything around it."""
    whole = SIZE + 2 * EDGE
    points = [(_x(each.predicted), _y(each.observed)) for each in curve]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"><title>predicted {each.predicted:.3f}, '
        f"observed {each.observed:.3f}, {each.count} slots</title></circle>"
        for (x, y), each in zip(points, curve, strict=True)
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" role="img"
 font-family="sans-serif" font-size="12" fill="{INK}">
<title>Reliability: predicted probability against the share that was booked</title>
<rect width="{whole}" height="{whole}" fill="white"/>
{_axes()}
<path d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}" stroke="{GREY}" stroke-dasharray="4 4"/>
<polyline points="{line}" fill="none" stroke="{INK}" stroke-width="2"/>
{dots}
<text x="{whole / 2}" y="{whole - 6}" text-anchor="middle">predicted probability</text>
<text transform="translate(12 {whole / 2}) rotate(-90)" text-anchor="middle">share booked</text>
</svg>
"""


def _axes() -> str:
    """A frame with a light line and a number every quarter."""
    quarters = (0, 0.25, 0.5, 0.75, 1)
    lines = "".join(
        f"M{_x(q)} {_y(0)}L{_x(q)} {_y(1)}M{_x(0)} {_y(q)}L{_x(1)} {_y(q)}" for q in quarters
    )
    below = "".join(
        f'<text x="{_x(q)}" y="{_y(0) + 16}" text-anchor="middle">{q:g}</text>' for q in quarters
    )
    beside = "".join(
        f'<text x="{_x(0) - 6}" y="{_y(q) + 4}" text-anchor="end">{q:g}</text>' for q in quarters
    )
    return f'<path d="{lines}" stroke="{GREY}" stroke-width="0.3"/>{below}{beside}'


def _x(share: float) -> float:
    return EDGE + SIZE * share


def _y(share: float) -> float:
    return EDGE + SIZE * (1 - share)
