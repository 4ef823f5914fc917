"""Outputs and dead letters of one source partition, as a plain reader finds them."""

from collections.abc import Iterator

from confluent_kafka import Message

from broker.clients import new_admin
from broker.dead_letters import parse_dead_letter
from broker.log import (
    high_watermarks,
    log_starts,
    new_range_reader,
    partitions_of,
    read_range,
)
from broker.messages import headers_of
from broker.settings import KafkaSettings


class PlainReader:
    """Reads one partition after the other, with one consumer for all: memory that was once needed
    is used again, where that of a client which is gone stays with the process. Close it after
    use."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._names = kafka.names
        self._admin = new_admin(kafka)
        self._consumer = new_range_reader(kafka)

    def outputs(self, partition: int) -> Iterator[bytes | None]:
        """The value of every output of a source partition, to the log's end."""
        for message in self._read(self._names.slot_probability, partition):
            yield message.value()

    def dead_offsets(self, partition: int) -> Iterator[tuple[int, int]]:
        """(source offset, epoch) of every dead letter of a source partition, to the log's end."""
        for message in self._read(self._names.dead_letters, partition):
            letter = parse_dead_letter(headers_of(message))
            if letter is not None and letter.partition == partition:
                yield letter.offset, letter.epoch

    def close(self) -> None:
        """Let the client go."""
        self._consumer.close()

    def _read(self, topic: str, partition: int) -> Iterator[Message]:
        # Outputs and dead letters may have fewer partitions than a source that has just grown.
        if partition not in partitions_of(self._admin, topic):
            return
        end = high_watermarks(self._admin, topic, [partition])[partition]
        start = log_starts(self._admin, topic, [partition])[partition]
        for batch in read_range(self._consumer, topic, partition, start, end):
            yield from batch
