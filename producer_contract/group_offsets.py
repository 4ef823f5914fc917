"""Where a group stands, asked for with patience."""

import logging
import time
from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaException, TopicPartition

from producer_contract.kafka_errors import KafkaAwayError, explain

_log = logging.getLogger(__name__)

PATIENCE_SECONDS = 30.0
"""How long to ask again where Kafka is away, before the caller is told."""
PAUSE_SECONDS = 0.2


def committed_offsets(
    consumer: Consumer, partitions: Sequence[TopicPartition], topic: str, timeout: float
) -> list[TopicPartition]:
    """What the consumer's group has committed; a negative offset where that is nothing.

    ``timeout``: of one question, in seconds.

    Raises:
        KafkaAwayError: nobody answered for ``PATIENCE_SECONDS``.
        AccessRefusedError, TopicMissingError, ClientLostError: at once.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            found = consumer.committed(list(partitions), timeout=timeout)
            trouble = next((one.error for one in found if one.error is not None), None)
            if trouble is None:
                return found
        except KafkaException as error:
            trouble = error.args[0]
        meaning = explain(trouble, topic)
        if not isinstance(meaning, KafkaAwayError) or time.monotonic() >= deadline:
            raise meaning
        _log.warning("%s: where to go on is not known yet: %s", topic, meaning)
        time.sleep(PAUSE_SECONDS)
