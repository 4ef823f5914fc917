"""Outputs and dead letters of one source partition, as a plain reader finds them."""

from collections.abc import Iterator

from confluent_kafka import Message

from broker.clients import new_admin
from broker.dead_letters import parse_dead_letter
from broker.log import partitions_of, read_to_end
from broker.messages import headers_of
from broker.settings import KafkaSettings


def read_outputs(kafka: KafkaSettings, partition: int) -> Iterator[bytes | None]:
    """The value of every output of a source partition, to the log's end."""
    for message in _read(kafka, kafka.names.slot_probability, partition):
        yield message.value()


def read_dead_offsets(kafka: KafkaSettings, partition: int) -> Iterator[tuple[int, int]]:
    """(source offset, epoch) of every dead letter of a source partition, to the log's end."""
    for message in _read(kafka, kafka.names.dead_letters, partition):
        letter = parse_dead_letter(headers_of(message))
        if letter is not None and letter.partition == partition:
            yield letter.offset, letter.epoch


def _read(kafka: KafkaSettings, topic: str, partition: int) -> Iterator[Message]:
    # Outputs and dead letters may have fewer partitions than a source that has just grown.
    if partition in partitions_of(new_admin(kafka), topic):
        yield from read_to_end(kafka, topic, partitions=[partition])
