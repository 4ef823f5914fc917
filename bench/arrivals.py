"""When the records of a topic become visible to a plain read_committed reader."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

from confluent_kafka import Consumer, TopicPartition

from broker.clients import new_admin, new_consumer
from broker.log import high_watermarks, partitions_of
from broker.settings import KafkaSettings

BATCH: Final = 5_000
LOOK_SECONDS: Final = 0.01

T = TypeVar("T")


class Arrivals(Generic[T]):
    """What comes from now on, read in a thread while this lasts.

    ``read`` makes what is kept of a record's value; None: nothing is.
    """

    def __init__(
        self, kafka: KafkaSettings, topic: str, read: Callable[[bytes | None], T | None]
    ) -> None:
        admin = new_admin(kafka)
        ends = high_watermarks(admin, topic, partitions_of(admin, topic)).items()
        self._topic = topic
        self._consumer: Consumer = new_consumer(kafka)
        self._consumer.assign([TopicPartition(topic, partition, end) for partition, end in ends])
        self._read = read
        self._seen: list[tuple[float, T]] = []
        self._stopping = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"reads {topic}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()

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
            if self._failure is not None:
                raise self._failure
            while at_place < len(self._seen):
                at, kept = self._seen[at_place]
                at_place += 1
                if fits(kept):
                    return at
            time.sleep(LOOK_SECONDS)
        raise TimeoutError(f"what was waited for in {self._topic} has not come in {seconds:.0f} s")

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                # consume() alone would wait for a full batch.
                first = self._consumer.poll(0.1)
                if first is None:
                    continue
                messages, now = [first, *self._consumer.consume(BATCH, timeout=0)], time.time()
                kept = (self._read(one.value()) for one in messages if one.error() is None)
                self._seen += [(now, one) for one in kept if one is not None]
        except Exception as error:  # told to who waits
            self._failure = error
        finally:
            self._consumer.close()
