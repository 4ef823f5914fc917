"""Taking batches of events from the group's partitions, together with proof of membership."""

import time
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message

from broker.consuming import PAST_RETENTION, endure, membership
from broker.errors import kafka_error
from broker.messages import place
from consumer.assignment import Assignment

POLL_SECONDS = 0.1
"""How long an idle worker waits for an event before it looks at the ledger again."""

DRAIN_SECONDS = 10.0

DOING = "consuming slot-created"


@dataclass(frozen=True, slots=True)
class Batch:
    """Events without errors, the group's metadata and the assignment's changes as they were when
    these were taken."""

    messages: list[Message]
    group_metadata: Any
    changes: int


class Source:
    """The group's consumer. ``ends`` are the EOF events: (offset, time seen), by partition."""

    def __init__(self, consumer: Consumer, assignment: Assignment, where: str) -> None:
        self._consumer = consumer
        self._assignment = assignment
        self._where = where
        self.ends: dict[int, tuple[int, float]] = {}

    def take(self, limit: int, wait: float = POLL_SECONDS) -> Batch | None:
        """Whatever is there, up to ``limit``; waits ``wait`` seconds for a first event.

        Raises:
            MembershipLost: rewind, and go on polling.
            ConsumerLostError, UnavailableError: this process cannot go on.
        """
        changes = self._assignment.changes
        messages = self._consume(1, wait)
        if messages and limit > 1:
            messages += self._consume(limit - 1, 0.0)
        events = self._events(messages)
        if self._assignment.changes != changes:
            # The partitions changed hands within this very call: what it brought may have been
            # fetched before that.
            self.ends.clear()
            if events:
                self.rewind()
            return None
        return Batch(events, self.membership(), changes) if events else None

    def membership(self) -> Any:
        """As ``broker.consuming.membership``."""
        return membership(self._consumer)

    def rewind(self) -> None:
        """Everything again from what the group has committed."""
        self.ends.clear()
        self._assignment.rewind()

    def idle_ends(self, idle_seconds: float) -> dict[int, int]:
        """Ends, by partition, that lie past the committed offset and brought no event for a while.

        Everything before such an end was handed over, so what lies between is not events:
        transaction markers, or what was aborted.
        """
        before = time.monotonic() - idle_seconds
        positions = self._assignment.positions
        return {
            p: end
            for p, (end, seen) in self.ends.items()
            if seen <= before and p in positions and positions[p].offset < end
        }

    def drain(self) -> None:
        """Leave the group: give the partitions back, then close."""
        # Without waiting for the revocation, a static member would stay until its time-out.
        self._consumer.unsubscribe()
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._assignment.positions and time.monotonic() < deadline:
            self._consumer.consume(1_000, timeout=POLL_SECONDS)
        self._consumer.close()

    def _consume(self, limit: int, timeout: float) -> list[Message]:
        try:
            return self._consumer.consume(limit, timeout=timeout)
        except KafkaException as error:
            endure(kafka_error(error), DOING, self._where)
            return []

    def _events(self, messages: list[Message]) -> list[Message]:
        if not any(message.error() for message in messages):
            return messages
        events: list[Message] = []
        for message in messages:
            error = message.error()
            if error is None:
                events.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                partition, offset = place(message)
                self.ends[partition] = (offset, time.monotonic())
            elif error.code() in PAST_RETENTION:
                self._past_retention(message)
            else:
                endure(error, DOING, self._where)
        return events

    def _past_retention(self, message: Message) -> None:
        """The log start has overtaken us: placing the partition anew says what was lost."""
        partition = message.partition()
        if partition is not None and partition in self._assignment.positions:
            self.ends.pop(partition, None)
            self._assignment.rewind([partition])
