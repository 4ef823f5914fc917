"""How many events one transaction takes. Pure.

A worker takes whatever is there, up to this size: under low load transactions are small and the
latency low; under high load they grow, and their fixed cost is shared. The size is what can be
done in the time that a transaction may be open.
"""

from dataclasses import dataclass, replace

MIN_EVENTS = 50
"""A transaction's fixed cost makes smaller ones pointless, however slow the model."""


@dataclass(frozen=True, slots=True)
class BatchSize:
    """The present size, between ``MIN_EVENTS`` and ``limit``."""

    limit: int
    target_seconds: float
    size: int

    @classmethod
    def starting(cls, limit: int, target_seconds: float) -> "BatchSize":
        """Small first: nobody knows yet how fast the model is."""
        return cls(limit, target_seconds, min(limit, max(MIN_EVENTS, limit // 4)))

    def after(self, events: int, seconds: float) -> "BatchSize":
        """The size after a transaction of ``events`` took ``seconds``.

        Only a full one tells something; the size at most doubles or halves at a time, so that one
        hiccup of the broker does not matter.
        """
        if events < self.size or seconds <= 0:
            return self
        fitting = int(events * self.target_seconds / seconds)
        bounded = min(max(fitting, self.size // 2), self.size * 2)
        return replace(self, size=min(max(bounded, min(MIN_EVENTS, self.limit)), self.limit))
