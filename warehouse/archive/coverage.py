"""What of a partition the archive has already. Pure.

Asked only where the group cannot say: its offsets have expired (an empty group's do), or somebody
has moved them. Nothing is loaded twice even then.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.in_force import merged
from warehouse.archive.plan import Span


@dataclass(frozen=True, slots=True)
class Gap:
    """Where to go on: from ``start``, and not past ``limit`` (None: there is nothing after it)."""

    start: int
    limit: int | None


def first_gap(spans: Iterable[Span], offset: int) -> Gap:
    """The first offsets at or after ``offset`` that the archive does not have."""
    for a, b in merged(spans):
        if a > offset:
            return Gap(offset, a)
        offset = max(offset, b)
    return Gap(offset, None)
