"""Where a batch of messages begins and ends, partition by partition."""

from collections.abc import Iterable, Iterator

from confluent_kafka import Message


def first_offsets(messages: Iterable[Message]) -> dict[int, int]:
    """The offset of the first message of each partition."""
    first: dict[int, int] = {}
    for partition, offset in _places(messages):
        first.setdefault(partition, offset)
    return first


def last_offsets(messages: Iterable[Message]) -> dict[int, int]:
    """The offset of the last message of each partition."""
    return dict(_places(messages))


def _places(messages: Iterable[Message]) -> Iterator[tuple[int, int]]:
    for message in messages:
        partition, offset = message.partition(), message.offset()
        if partition is not None and offset is not None:
            yield partition, offset
