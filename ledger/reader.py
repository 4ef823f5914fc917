"""The ledger as it is now: folded from its start, then followed."""

from collections.abc import Iterator

from confluent_kafka import Message

from broker.log import READ_DEADLINE, read_to_end
from broker.settings import KafkaSettings
from ledger.fold import EMPTY, LedgerState, fold
from ledger.records import Record, decode
from ledger.tail import LogTail


class LedgerReader:
    """Follows the ledger. Not safe for use by several threads at once.

    Raises:
        TopicMissingError: the cluster has no ledger.
        UnreadableLedgerError: (from any method) a record that this version does not know.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._tail = LogTail(kafka, kafka.names.model_ledger)
        self._state = EMPTY

    @property
    def state(self) -> LedgerState:
        """What has been read so far."""
        return self._state

    @property
    def position(self) -> int:
        """The next offset to come: a decision below it is in the state."""
        return self._tail.position

    def read_to_end(self, *, deadline_seconds: float = READ_DEADLINE) -> LedgerState:
        """The state at the end of the ledger as it is now: a fresh high watermark each time.

        Raises:
            LogNotStableError: a writer's transaction stayed open past the deadline.
        """
        return self._absorb(self._tail.read_to_end(deadline_seconds=deadline_seconds))

    def poll(self, timeout: float = 0.0) -> LedgerState:
        """The state with what has arrived by itself: no question to the cluster, for busy loops."""
        return self._absorb(self._tail.poll(timeout))

    def close(self) -> None:
        """Let the client go."""
        self._tail.close()

    def _absorb(self, messages: list[Message]) -> LedgerState:
        for message in messages:
            self._state = fold(self._state, offset_of(message), decode(message.value()))
        return self._state


def read_ledger(kafka: KafkaSettings) -> LedgerState:
    """The ledger's state now, read once."""
    reader = LedgerReader(kafka)
    try:
        return reader.read_to_end()
    finally:
        reader.close()


def read_records(kafka: KafkaSettings, start: int | None = None) -> Iterator[tuple[int, Record]]:
    """Every record of the ledger from ``start`` on with its offset, up to its end now."""
    starts = None if start is None else {0: start}
    for message in read_to_end(kafka, kafka.names.model_ledger, partitions=[0], starts=starts):
        yield offset_of(message), decode(message.value())


def offset_of(message: Message) -> int:
    """The offset of a message that was consumed: it always has one."""
    offset = message.offset()
    assert offset is not None
    return offset
