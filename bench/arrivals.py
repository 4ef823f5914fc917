"""When the records of a topic become visible to a plain read_committed reader."""

import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from confluent_kafka import Message

from bench.reading import Reading
from broker.settings import KafkaSettings

LOOK_SECONDS: Final = 0.01

T = TypeVar("T")


class Arrivals(Reading, Generic[T]):
    """What comes from now on, read in a thread while this lasts.

    ``read`` makes what is kept of a record's value; None: nothing is.
    """

    def __init__(
        self, kafka: KafkaSettings, topic: str, read: Callable[[bytes | None], T | None]
    ) -> None:
        super().__init__(kafka, [topic], self._keep)
        self._topic = topic
        self._read = read
        self._seen: list[tuple[float, T]] = []

    def between(self, began: float, ended: float) -> list[tuple[float, T]]:
        """What came in a time (seconds since 1970), and when."""
        return [(at, kept) for at, kept in list(self._seen) if began <= at < ended]

    def place(self) -> int:
        """How much has come by now: where a later question may begin."""
        return len(self._seen)

    def wait_for(
        self, fits: Callable[[T], bool], seconds: float, place: int | None = None
    ) -> float:
        """When the first that fits came, of all that came after ``place``, by default from now on.

        Raises:
            TimeoutError: none came in so many seconds.
        """
        at_place = len(self._seen) if place is None else place
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.raise_failure()
            while at_place < len(self._seen):
                at, kept = self._seen[at_place]
                at_place += 1
                if fits(kept):
                    return at
            time.sleep(LOOK_SECONDS)
        raise TimeoutError(f"what was waited for in {self._topic} has not come in {seconds:.0f} s")

    def _keep(self, messages: list[Message], now: float) -> None:
        kept = (self._read(one.value()) for one in messages if one.error() is None)
        self._seen += [(now, one) for one in kept if one is not None]
