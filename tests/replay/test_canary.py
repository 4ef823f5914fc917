"""How an executor and its place in the group treat a canary; no Kafka is asked."""

from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from broker.settings import KafkaSettings
from ledger.fold import LedgerState
from ledger.runs import Run
from replay import control, executor
from replay.executor import Executor
from replay.task_queue import TaskQueue
from tests.ledger.build import ledger, paused, promoted, registered, requested, resumed, revoked

ALL_CANARY = (
    registered("bad"),
    registered("good"),
    promoted("bad"),
    revoked("bad", to="good"),
    requested("r", "bad", to="good", affected=[(0, 0, 1)], chunks=1, canary_chunks=1),
)
DONE = [Run(0, 0, 1, 8, "good", "r", scored=1)]


def finished(monkeypatch: pytest.MonkeyPatch, state: LedgerState, *, now: bool) -> list[str]:
    """What an executor does once every chunk has its run."""
    done: list[str] = []
    monkeypatch.setattr(executor, "pause_at_canary", lambda *_, **__: done.append("paused"))
    monkeypatch.setattr(executor, "complete", lambda *_: done.append("completed"))
    one: Any = object.__new__(Executor)
    one._kafka, one._instance, one._looked_at = None, "test", float("-inf")
    one._scored = None
    one._runs = SimpleNamespace(runs=DONE, read_to_end=lambda: DONE)
    one._ledger = SimpleNamespace(state=state, read_to_end=lambda: state)
    one._finish_if_done(now=now)
    return done


@pytest.mark.parametrize("now", [True, False])
def test_a_replay_that_is_nothing_but_canary_pauses_before_it_is_completed(
    monkeypatch: pytest.MonkeyPatch, now: bool
) -> None:
    assert finished(monkeypatch, ledger(*ALL_CANARY), now=now) == ["paused"]
    assert finished(monkeypatch, ledger(*ALL_CANARY, paused("r", canary=True)), now=now) == []
    accepted = ledger(*ALL_CANARY, paused("r", canary=True), resumed("r"))
    assert finished(monkeypatch, accepted, now=now) == ["completed"]


@pytest.mark.parametrize("now", [True, False])
def test_a_resume_before_the_canary_was_shown_does_not_accept_it(
    monkeypatch: pytest.MonkeyPatch, now: bool
) -> None:
    resumed_early = ledger(*ALL_CANARY, paused("r"), resumed("r"))
    assert finished(monkeypatch, resumed_early, now=now) == ["paused"]


def test_the_pause_at_the_canary_says_so_and_is_written_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[Any] = []

    def at(*records: Any) -> list[Any]:
        monkeypatch.setattr(
            control, "append", lambda _, decide: written.extend(decide(ledger(*records)))
        )
        written.clear()
        control.pause_at_canary(KafkaSettings("nowhere:1"), "r", by="test")
        return list(written)

    [record] = at(*ALL_CANARY, paused("r"), resumed("r"))
    assert record.canary
    assert at(*ALL_CANARY, record) == []
    assert at(*ALL_CANARY, record, resumed("r")) == []


class Consumer:
    """Keeps which partitions are paused, and where it was sent back to."""

    def __init__(self) -> None:
        self.paused: set[int] = set()
        self.sought: list[tuple[int, int]] = []

    def seek(self, place: TopicPartition) -> None:
        self.sought.append((place.partition, place.offset))

    def pause(self, parts: list[TopicPartition]) -> None:
        self.paused |= {part.partition for part in parts}

    def resume(self, parts: list[TopicPartition]) -> None:
        self.paused -= {part.partition for part in parts}

    def offsets_for_times(self, *_: Any, **__: Any) -> None:
        pass

    def consume(self, *_: Any, **__: Any) -> list[Any]:
        return []


def test_a_task_that_came_early_holds_its_partition_until_it_is_released() -> None:
    queue: Any = object.__new__(TaskQueue)
    queue._topic, queue._skipped, queue._held, queue._withheld = "tasks", {}, False, set()
    queue._consumer = consumer = Consumer()
    queue._assign(consumer, [TopicPartition("tasks", p) for p in range(3)])
    queue.withhold(TopicPartition("tasks", 1, 7))
    assert (consumer.sought, consumer.paused) == ([(1, 7)], {1})
    queue.idle(0.0)
    assert consumer.paused == {0, 1, 2}
    queue.poll(0.0)
    assert consumer.paused == {1}
    queue.release()
    assert consumer.paused == set()
    # One that is not ours any more is not held.
    queue._revoke(consumer, [TopicPartition("tasks", 1)])
    queue.withhold(TopicPartition("tasks", 1, 7))
    assert consumer.paused == set()
