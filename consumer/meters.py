"""What a worker counts about itself. Nothing here costs time per event."""

import time
from collections.abc import Sequence

from confluent_kafka import Message

from consumer.outcomes import Outcomes
from consumer.report import Counts
from producer_contract.codec import Refusal, decode_slot_created

SAMPLE = 16
"""Events of a transaction whose latency is looked at, spread evenly over it."""


class Meters:
    """Counts of one worker since it started."""

    def __init__(self) -> None:
        self.counts = Counts()

    def committed(self, messages: Sequence[Message], outcomes: Outcomes) -> None:
        """A transaction with outcomes was committed just now."""
        counts = self.counts
        counts.transactions += 1
        counts.scored += len(outcomes.outputs)
        counts.count_dead(outcomes.codes.items())
        counts.batch_events.observe(len(messages))
        now = time.time()
        for message in messages[:: max(1, len(messages) // SAMPLE)]:
            _, arrived_ms = message.timestamp()
            counts.latency_from_arrival.observe(now - arrived_ms / 1_000)
            try:
                event = decode_slot_created(message.value(), message.key())
            except Refusal:
                continue
            counts.latency_from_creation.observe(now - event.created_at.timestamp())
