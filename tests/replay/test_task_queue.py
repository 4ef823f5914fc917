"""Two tasks of one partition: what is committed never passes one that is still to be done."""

from typing import Any

import pytest
from confluent_kafka import TopicPartition

from replay.task_queue import TaskQueue

TOPIC = "replay-tasks"


class Consumer:
    """Records what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int]] = []

    def seek(self, place: TopicPartition) -> None:
        self.told.append(("seek", place.partition, place.offset))

    def pause(self, parts: list[TopicPartition]) -> None:
        self.told += [("pause", part.partition, 0) for part in parts]

    def resume(self, parts: list[TopicPartition]) -> None:
        self.told += [("resume", part.partition, 0) for part in parts]

    def offsets_for_times(self, *_: Any, **__: Any) -> None:
        pass


@pytest.fixture
def queue() -> Any:
    """A member of no group that holds partitions 0 and 1."""
    one: Any = object.__new__(TaskQueue)
    one._topic, one._consumer = TOPIC, Consumer()
    one._skipped, one._withheld, one._held = {}, set(), False
    one.assigned = frozenset({0, 1})
    return one


def place(partition: int, offset: int) -> TopicPartition:
    return TopicPartition(TOPIC, partition, offset)


def committed(queue: Any, done: TopicPartition | None = None) -> dict[int, int]:
    return {part.partition: part.offset for part in queue.offsets(done)}


def test_a_task_put_back_takes_the_skips_behind_it_with_it(queue: Any) -> None:
    queue.skip(place(0, 6))
    queue.skip(place(1, 3))
    queue.put_back(place(0, 5))
    assert committed(queue) == {1: 4}
    assert queue._consumer.told == [("seek", 0, 5)]


def test_skips_before_it_stay(queue: Any) -> None:
    queue.skip(place(0, 4))
    queue.put_back(place(0, 5))
    assert committed(queue) == {0: 5}


def test_a_task_put_back_is_not_held_by_what_was_withheld_behind_it(queue: Any) -> None:
    queue.withhold(place(0, 6))
    assert queue._consumer.told[-1] == ("pause", 0, 0)
    queue.put_back(place(0, 5))
    assert queue._consumer.told[-2:] == [("resume", 0, 0), ("seek", 0, 5)]
    assert queue._withheld == set()


def test_a_task_that_is_done_goes_with_the_skips_behind_it(queue: Any) -> None:
    queue.skip(place(0, 6))
    assert committed(queue, place(0, 5)) == {0: 7}
    assert committed(queue, place(0, 8)) == {0: 9}
