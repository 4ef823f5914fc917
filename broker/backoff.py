"""How long to wait before starting something again that ended. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubles from ``first`` to ``longest`` seconds; what ran for ``calm`` seconds starts anew."""

    first: float = 0.5
    longest: float = 30.0
    calm: float = 60.0

    def delay(self, endings: int) -> float:
        """Seconds to wait after the ``endings``-th early end in a row (1 for the first)."""
        return min(self.longest, self.first * 2.0 ** min(endings - 1, 30))

    def endings_after(self, endings: int, ran_seconds: float) -> int:
        """The count of early ends in a row, after one more that ran for ``ran_seconds``."""
        return 1 if ran_seconds >= self.calm else endings + 1
