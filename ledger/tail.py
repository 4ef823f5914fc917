"""Following a log of one partition, and reading it to its end whenever that is asked for."""

import time
from typing import Any

from confluent_kafka import KafkaError, Message, TopicPartition

from broker.clients import new_admin, new_consumer
from broker.errors import Decision, LogNotStableError, decide, unavailable
from broker.log import READ_DEADLINE, high_watermarks, log_starts
from broker.settings import KafkaSettings

_PARTITION = 0
_BATCH = 1_000


class LogTail:
    """Partition 0 of ``topic``, read committed, from its start and ever on.

    Not safe for use by several threads at once.

    Raises:
        TopicMissingError: there is no such topic.
        BrokerUnreachableError: no broker answered in time.
    """

    def __init__(self, kafka: KafkaSettings, topic: str, **overrides: Any) -> None:
        self.topic = topic
        self._where = kafka.bootstrap_servers
        self._admin = new_admin(kafka)
        self.position = log_starts(self._admin, topic, [_PARTITION])[_PARTITION]
        """The next offset to come."""
        self._kept: list[Message] = []
        """What has been read and not been handed over yet: a reading that failed loses nothing."""
        self._consumer = new_consumer(kafka, enable_partition_eof=True, **overrides)
        self._consumer.assign([TopicPartition(topic, _PARTITION, self.position)])

    def read_to_end(self, *, deadline_seconds: float = READ_DEADLINE) -> list[Message]:
        """What has come since, up to the end as it is now (its high watermark, asked for first).

        Raises:
            LogNotStableError: an open transaction held the end back, without any progress, for the
                deadline's time.
        """
        end = high_watermarks(self._admin, self.topic, [_PARTITION])[_PARTITION]
        deadline = time.monotonic() + deadline_seconds
        while (before := self.position) < end:
            self._read(0.1)
            if self.position > before:
                deadline = time.monotonic() + deadline_seconds
            elif time.monotonic() > deadline:
                raise LogNotStableError(
                    f"{self.topic}[{_PARTITION}]: held back at offset {self.position} of {end} for "
                    f"{deadline_seconds:.0f} s by an open transaction, or no broker answers; "
                    "creneau status"
                )
        return self._hand_over()

    def poll(self, timeout: float) -> list[Message]:
        """What has arrived since; waits at most ``timeout`` seconds for a first record."""
        self._read(timeout)
        return self._hand_over()

    def _hand_over(self) -> list[Message]:
        messages, self._kept = self._kept, []
        return messages

    def _read(self, timeout: float) -> None:
        """Read what has arrived: consume() waits for as many as are asked for, or the time-out."""
        self._take(timeout, 1)
        self._take(0.0, _BATCH)

    def _take(self, timeout: float, most: int) -> None:
        for message in self._consumer.consume(most, timeout=timeout):
            error = message.error()
            if error is None:
                self._kept.append(message)
                self.position = max(self.position, _offset(message) + 1)
            else:
                self._pass(error, message)

    def close(self) -> None:
        """Let the client go."""
        self._consumer.close()

    def _pass(self, error: KafkaError, message: Message) -> None:
        if error.code() == KafkaError._PARTITION_EOF:
            # The position past a transaction marker, which no record tells of.
            self.position = max(self.position, _offset(message))
        elif decide(error) in (Decision.PERSON, Decision.RECYCLE):
            raise unavailable(error, f"reading {self.topic}", self._where)


def _offset(message: Message) -> int:
    offset = message.offset()
    return -1 if offset is None else offset
