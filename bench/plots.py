"""Bars as a small SVG: lengths are the figures, and each says its own. Pure."""

from collections.abc import Sequence
from html import escape
from typing import Final

LABEL: Final = 250
BAR: Final = 330
FIGURE: Final = 90
ROW: Final = 26
TITLE: Final = 34
INK: Final = "#1d3557"
OURS: Final = "#2a9d8f"
OTHERS: Final = "#9aa5b1"


def bars(title: str, figures: Sequence[tuple[str, float]], *, ours: Sequence[str] = ()) -> str:
    """A bar for each label and figure, from the top; those named in ``ours`` in our colour."""
    width, height = LABEL + BAR + FIGURE, TITLE + ROW * len(figures) + 8
    longest = max((figure for _, figure in figures), default=0.0) or 1.0
    drawn = "\n".join(
        _bar(place, label, figure, figure / longest, OURS if label in ours else OTHERS)
        for place, (label, figure) in enumerate(figures)
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"
 font-family="sans-serif" font-size="12" fill="{INK}">
<title>{escape(title)}</title>
<rect width="{width}" height="{height}" fill="white"/>
<text x="8" y="20" font-size="14" font-weight="bold">{escape(title)}</text>
{drawn}
</svg>
"""


def _bar(place: int, label: str, figure: float, share: float, colour: str) -> str:
    top, length = TITLE + place * ROW, BAR * share
    return (
        f'<text x="{LABEL - 8}" y="{top + 15}" text-anchor="end">{escape(label)}</text>'
        f'<rect x="{LABEL}" y="{top + 2}" width="{length:.1f}" height="{ROW - 8}" fill="{colour}"/>'
        f'<text x="{LABEL + length + 6:.1f}" y="{top + 15}">{number(figure)}</text>'
    )


def number(figure: float) -> str:
    """As people read it: 48,719 or 1.32 or 0.0045."""
    if figure == round(figure) or abs(figure) >= 1_000:
        return f"{figure:,.0f}"
    return f"{figure:.2f}" if abs(figure) >= 0.1 else f"{figure:.2g}"
