"""Going back to what is committed while the group changes."""

from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from consumer.assignment import Assignment
from consumer.open_runs import Position
from consumer.placing import Placed
from consumer.starting_point import Origin, StartingPoint
from ledger.metadata import CommitMetadata

RUN = CommitMetadata(epoch=5, run_from=0, scored=10, dead=0)


class Consumer:
    """Refuses to let partitions go while ``refuses``."""

    def __init__(self) -> None:
        self.refuses = False
        self.flowing: set[int] = set()

    def incremental_unassign(self, _: list[TopicPartition]) -> None:
        if self.refuses:
            raise KafkaException(KafkaError(KafkaError._INVALID_ARG))

    def incremental_assign(self, parts: list[TopicPartition]) -> None:
        self.flowing |= {part.partition for part in parts}

    def pause(self, parts: list[TopicPartition]) -> None:
        self.flowing -= {part.partition for part in parts}

    def resume(self, parts: list[TopicPartition]) -> None:
        self.flowing |= {part.partition for part in parts}

    def offsets_for_times(self, *_: Any, **__: Any) -> None:
        pass


def assignment(consumer: Consumer) -> Assignment:
    def place(partitions: Any) -> dict[int, Placed]:
        start = StartingPoint(Position(10, RUN), Origin.COMMITTED)
        return {p: Placed(start, 10) for p in partitions}

    made = Assignment(consumer, "slot-created", place, lambda: 5)  # type: ignore[arg-type]
    made._on_assign(consumer, [TopicPartition("slot-created", p) for p in (0, 1)])  # type: ignore
    made.let_flow(5)
    assert consumer.flowing == {0, 1}
    return made


def test_rewinding_what_flows_is_a_change() -> None:
    consumer = Consumer()
    made = assignment(consumer)
    before = made.changes
    made.rewind([0])
    assert made.changes == before + 1
    made.rewind([0])  # it does not flow again yet
    assert made.changes == before + 1


def test_what_could_not_be_rewound_does_not_flow_until_it_is() -> None:
    consumer = Consumer()
    made = assignment(consumer)
    consumer.refuses = True
    made.rewind()
    made._on_revoke(consumer, [TopicPartition("slot-created", 1)])  # type: ignore[arg-type]
    consumer.flowing.discard(1)
    made.let_flow(5)
    assert consumer.flowing == set()
    consumer.refuses = False
    made.let_flow(5)
    assert consumer.flowing == {0}
