"""Following a log of one partition; no Kafka is asked."""

from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError

from broker.errors import LogNotStableError
from ledger import tail
from ledger.tail import LogTail


def record(offset: int) -> Any:
    return SimpleNamespace(error=lambda: None, offset=lambda: offset)


def end_of_log(offset: int) -> Any:
    error = SimpleNamespace(code=lambda: KafkaError._PARTITION_EOF)
    return SimpleNamespace(error=lambda: error, offset=lambda: offset)


class Clock:
    """A second passes with each look at it."""

    now = 0.0

    def monotonic(self) -> float:
        self.now += 1.0
        return self.now


def log_tail(monkeypatch: pytest.MonkeyPatch, *arriving: list[Any], end: int) -> LogTail:
    """A tail to which this arrives, one list with each question; then nothing more."""
    left = list(arriving)

    def consume(_: int, *, timeout: float) -> list[Any]:
        return left.pop(0) if left else []

    monkeypatch.setattr(tail, "high_watermarks", lambda *_: {0: end})
    monkeypatch.setattr(tail, "time", Clock())
    one: Any = object.__new__(LogTail)
    one.topic, one.position, one._kept, one._admin, one._where = "runs", 0, [], None, "nowhere"
    one._consumer = SimpleNamespace(consume=consume)
    return one  # type: ignore[no-any-return]


def offsets(messages: list[Any]) -> list[int]:
    return [message.offset() for message in messages]


def test_what_was_read_before_an_open_transaction_is_handed_over_by_the_next_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arriving: list[list[Any]] = [[record(0)], [record(1)], *[[]] * 20, [record(2)], [end_of_log(4)]]
    one = log_tail(monkeypatch, *arriving, end=4)
    with pytest.raises(LogNotStableError, match=r"runs\[0\]: held back at offset 2 of 4 for 3 s"):
        one.read_to_end(deadline_seconds=3.0)
    assert offsets(one.poll(0.0)) == [0, 1]
    assert offsets(one.read_to_end(deadline_seconds=60.0)) == [2]


def test_the_deadline_counts_from_the_last_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = [part for offset in range(20) for part in ([record(offset)], [])]
    one = log_tail(monkeypatch, *slow, end=20)
    assert offsets(one.read_to_end(deadline_seconds=3.0)) == list(range(20))
