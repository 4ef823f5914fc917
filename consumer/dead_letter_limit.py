"""When nearly everything is refused, the worker has to stop. Pure.

A wrong deployment of the slot app, or a wrong decoder of ours, must not empty the topic into the
dead letters.
"""

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class DeadLetterLimit:
    """A sliding window over the last ``run`` events or somewhat more, in transactions.

    ``ratio`` is the share of refusals that is too much; ``run`` 0 means that nothing is.
    """

    ratio: float
    run: int
    _window: deque[tuple[int, int]] = field(default_factory=deque)
    _events: int = 0
    _dead: int = 0

    def reached_by(self, events: int, dead: int) -> bool:
        """Whether a transaction with these outcomes would reach the limit (it is not counted)."""
        total, refused = self._events + events, self._dead + dead
        for some, dead_of_them in self._window:
            if total - some < self.run:
                break
            total, refused = total - some, refused - dead_of_them
        return 0 < self.run <= total and refused >= self.ratio * total

    def count(self, events: int, dead: int) -> None:
        """Count a transaction that was committed."""
        self._window.append((events, dead))
        self._events += events
        self._dead += dead
        while self._window and self._events - self._window[0][0] >= self.run:
            some, dead_of_them = self._window.popleft()
            self._events -= some
            self._dead -= dead_of_them
