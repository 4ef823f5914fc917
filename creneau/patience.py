"""How long whoever looks on waits for Kafka to come back."""

import time
from typing import Final

from broker.errors import BrokerUnreachableError, LogNotStableError
from producer_contract.errors import UnavailableError

PATIENCE_SECONDS: Final = 180.0
"""Executors have a patience of their own."""

TRANSIENT: Final = (BrokerUnreachableError, LogNotStableError)
"""What mends itself when Kafka is back."""


class Patience:
    """Counts from the last answer."""

    def __init__(self, seconds: float = PATIENCE_SECONDS) -> None:
        self._seconds = seconds
        self._answered_at = time.monotonic()

    def answered(self) -> None:
        """Kafka has answered."""
        self._answered_at = time.monotonic()

    @property
    def away(self) -> float:
        """Seconds since Kafka last answered."""
        return time.monotonic() - self._answered_at

    @property
    def over(self) -> bool:
        return self.away > self._seconds

    def __str__(self) -> str:
        """For a person."""
        return f"for {self.away:.0f} s; going on when Kafka is back"

    def told(self, error: UnavailableError) -> tuple[str, str]:
        """A word for what goes on while ``error`` lasts, and a line about it.

        Kafka does answer where somebody's open transaction holds a log back: the error says which.
        """
        if isinstance(error, LogNotStableError):
            return "held back", str(error)
        return "no answer", str(self)
