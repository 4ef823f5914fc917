"""Resuming partitions wakes who fetches them."""

from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from broker.consuming import resume


class Consumer:
    """Its leaders are away."""

    def __init__(self) -> None:
        self.told: list[tuple[str, list[int]]] = []

    def resume(self, parts: list[TopicPartition]) -> None:
        self.told.append(("resume", [part.partition for part in parts]))

    def offsets_for_times(self, parts: list[TopicPartition], timeout: float) -> Any:
        assert 0 < timeout < 1
        self.told.append(("asked", [part.partition for part in parts]))
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


def test_leaders_are_asked_after_the_resuming_and_may_be_away() -> None:
    consumer: Any = Consumer()
    resume(consumer, [TopicPartition("t", partition) for partition in (2, 5)])
    assert consumer.told == [("resume", [2, 5]), ("asked", [2, 5])]
