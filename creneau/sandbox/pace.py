"""Keeping a steady rate, also after a pause."""

from typing import Final

CATCH_UP: Final = 2.0
"""After a pause, at most this many times the rate until the schedule is met again."""
LONGEST_STEP: Final = 0.1
"""Seconds: a pause longer than this does not make the next step larger."""


class Pace:
    """How many events are due, on a schedule of ``rate`` events per second from ``start`` on.

    Times are seconds of one monotonic clock. Events missed during a pause are caught up at
    ``CATCH_UP`` times the rate, never in one burst.
    """

    def __init__(self, rate: float, start: float) -> None:
        self._rate = rate
        self._start = start
        self._last = start
        self._taken = 0

    def take(self, now: float) -> int:
        """The events due at ``now``: whoever takes them sends them."""
        step = min(now - self._last, LONGEST_STEP)
        behind = int((now - self._start) * self._rate) - self._taken
        due = max(0, min(behind, max(1, int(step * self._rate * CATCH_UP))))
        if due:
            self._last = now
            self._taken += due
        return due
