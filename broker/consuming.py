"""What a member of a group does about the events that are no records, and its proof of membership.

Shared by whoever consumes as a member: the worker, the executor, the archive.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

import structlog
from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

from broker.errors import Decision, decide, unavailable
from producer_contract.errors import UnavailableError

_LOG = structlog.get_logger()

PAST_RETENTION: Final = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)
"""The log start has overtaken the position: placing the partition anew says what was lost."""


_WAKE_SECONDS: Final = 0.5
"""The most that a wake-up waits for brokers that are away."""


class ConsumerLostError(UnavailableError):
    """The Kafka consumer is beyond repair: a new process starts from what was committed."""


class MembershipLost(Exception):  # noqa: N818  the group has gone on without us, so do we
    """The group has put us out; its callback comes with the next poll."""


def membership(consumer: Consumer) -> Any:
    """The group's metadata, to be sent with offsets.

    Asked for between polls, it is that of the assignment we know: librdkafka joins again only after
    a callback of ours has given the partitions back.

    Raises:
        MembershipLost: without a member id the broker would take offsets from anybody.
    """
    metadata = consumer.consumer_group_metadata()
    if not consumer.memberid():
        raise MembershipLost
    return metadata


def resume(consumer: Consumer, partitions: Iterable[TopicPartition]) -> None:
    """Fetch these partitions again, at once.

    librdkafka looks what there is to fetch whenever something else wakes its thread for a broker,
    or after a second: where nothing had been fetched, the first events came 0.9 s late. A question
    to the leaders wakes them; its answer does not matter.
    """
    freed = [TopicPartition(one.topic, one.partition, OFFSET_END) for one in partitions]
    consumer.resume(freed)
    with suppress(KafkaException):
        consumer.offsets_for_times(freed, timeout=_WAKE_SECONDS)


def endure(error: KafkaError, doing: str, where: str) -> None:
    """Go on where librdkafka does by itself; ``doing`` and ``where`` are for the message.

    Raises:
        ConsumerLostError: the consumer cannot go on, a new one can.
        UnavailableError: somebody has to act.
    """
    match decide(error):
        case Decision.RETRY | Decision.WAIT | Decision.ABORT:
            _LOG.warning("consuming is disturbed", error=error.name(), why=error.str())
        case Decision.PERSON:
            raise unavailable(error, doing, where)
        case Decision.RECYCLE:
            raise ConsumerLostError(
                f"the consumer at {where} cannot go on ({error.name()}: {error.str()}); "
                "a new process starts from the committed offsets"
            )
