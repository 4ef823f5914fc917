"""What of a partition the archive has already. Pure.

Asked only where the group cannot say: its offsets have expired (an empty group's do), or somebody
has moved them. Nothing is loaded twice even then.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from warehouse.archive.plan import Span


@dataclass(frozen=True, slots=True)
class Gap:
    """Where to go on: from ``start``, and not past ``limit`` (None: there is nothing after it)."""

    start: int
    limit: int | None


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same offsets as few spans, in order."""
    found: list[Span] = []
    for a, b in sorted(spans):
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], b))
        elif a < b:
            found.append((a, b))
    return found


def first_gap(spans: Iterable[Span], offset: int) -> Gap:
    """The first offsets at or after ``offset`` that the archive does not have."""
    for a, b in merged(spans):
        if a > offset:
            return Gap(offset, a)
        offset = max(offset, b)
    return Gap(offset, None)


def missing(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """What of ``[start, end)`` the spans leave out."""
    left = []
    for a, b in merged(spans):
        if start < min(a, end):
            left.append((start, min(a, end)))
        start = max(start, b)
    if start < end:
        left.append((start, end))
    return left
