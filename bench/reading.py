"""A plain read_committed reader in a thread, from now on."""

import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Final, Self

from confluent_kafka import Consumer, Message, TopicPartition

from broker.clients import new_admin, new_consumer
from broker.log import high_watermarks, partitions_of
from broker.settings import KafkaSettings

BATCH: Final = 5_000

Absorb = Callable[[list[Message], float], None]
"""Takes messages, errors among them, and when they came (seconds since 1970)."""


class Reading:
    """Hands what comes into some topics to ``absorb``, in a thread, while this lasts."""

    def __init__(self, kafka: KafkaSettings, topics: Iterable[str], absorb: Absorb) -> None:
        admin = new_admin(kafka)
        self._ends = [
            TopicPartition(topic, partition, end)
            for topic in topics
            for partition, end in high_watermarks(admin, topic, partitions_of(admin, topic)).items()
        ]
        self._consumer: Consumer = new_consumer(kafka)
        self._absorb = absorb
        self._stopping = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="reads", daemon=True)

    def __enter__(self) -> Self:
        self._consumer.assign(self._ends)
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
        if kind is None:
            # Nobody may have asked, and what was not read would look like nothing that came.
            self.raise_failure()

    def raise_failure(self) -> None:
        """For whoever waits for what is read: raise what has ended the thread."""
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                # consume() alone would wait for a full batch.
                first = self._consumer.poll(0.1)
                if first is not None:
                    self._absorb([first, *self._consumer.consume(BATCH, timeout=0)], time.time())
        except Exception as error:  # told to who waits
            self._failure = error
        finally:
            self._consumer.close()
