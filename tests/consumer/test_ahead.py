"""Outcomes are made while those before them are committed: what becomes of them."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from broker.session import TransactionAborted
from consumer.batch_size import BatchSize
from consumer.made import Made
from consumer.model_in_force import Stamp
from consumer.source import Batch
from consumer.worker import Worker

ENGINE: Any = object()
NOW = Stamp(5, "v1", ENGINE, None)


class Source:
    """Gives numbered batches; records rewinds."""

    def __init__(self) -> None:
        self.batches: list[Batch | None] = []
        self.waits: list[float] = []
        self.rewinds = 0

    def take(self, _: int, wait: float) -> Batch | None:
        self.waits.append(wait)
        return self.batches.pop(0) if self.batches else None

    def rewind(self) -> None:
        self.rewinds += 1


def batch(number: int, changes: int = 0) -> Batch:
    return Batch([number], f"member {number}", changes)  # type: ignore[list-item]


@pytest.fixture
def worker() -> Any:
    """A worker without clients, whose outcomes are the stamp's version and the batch's number."""
    one: Any = object.__new__(Worker)
    one._source = Source()
    one._assignment = SimpleNamespace(changes=0, let_flow=lambda _: None)
    one._ledger = SimpleNamespace(poll=lambda: None)
    one._models = SimpleNamespace(stamp=NOW, follow=lambda _: one._models.stamp)
    one._size = BatchSize.starting(4_000, 0.25)
    one._limit = SimpleNamespace(count=lambda *_: None)
    one._meters = SimpleNamespace(committed=lambda *_: None)
    one._making = ThreadPoolExecutor(1)
    one._made, one._stopping = None, False
    one.committed = []

    def make(stamp: Stamp, of: Batch) -> Made:
        outcomes: Any = SimpleNamespace(made=(stamp.version, of.messages[0]), dead_letters=[])
        outcomes.counted = {}
        return Made(of, stamp, outcomes, 0.1)

    one._make = make
    one._commit = lambda epoch, _, member, made: one.committed.append((epoch, member, made.made))
    for idle in ("_acknowledge", "_pass_markers", "_look_again", "_report_now_and_then"):
        setattr(one, idle, lambda *_: None)
    one._respect_limit = lambda *_: None
    return one


def test_a_batch_is_committed_while_the_next_is_made(worker: Any) -> None:
    worker._source.batches = [batch(1), batch(2)]
    for _ in range(3):
        worker._turn()
    assert worker.committed == [(5, "member 1", ("v1", 1)), (5, "member 2", ("v1", 2))]
    assert worker._made is None
    # What is made does not wait for what comes next.
    assert worker._source.waits[1:] == [0.0, 0.0]


def test_what_was_consumed_across_a_change_is_thrown_away(worker: Any) -> None:
    worker._source.batches = [batch(1)]
    worker._turn()
    worker._assignment.changes = 1
    worker._turn()
    assert (worker.committed, worker._made, worker._source.rewinds) == ([], None, 1)


def test_under_another_stamp_it_is_made_again(worker: Any) -> None:
    worker._source.batches = [batch(1), batch(2)]
    worker._turn()
    worker._models.stamp = Stamp(6, "v2", ENGINE, None)
    worker._turn()
    worker._turn()
    assert worker.committed == [(6, "member 1", ("v2", 1)), (6, "member 2", ("v2", 2))]


def test_where_nothing_may_be_scored_it_is_thrown_away(worker: Any) -> None:
    worker._source.batches = [batch(1)]
    worker._turn()
    worker._models.stamp = Stamp(6, None, None, "no model")
    worker._turn()
    assert (worker.committed, worker._made, worker._source.rewinds) == ([], None, 1)


def test_a_failed_transaction_takes_what_was_made_meanwhile_with_it(worker: Any) -> None:
    def fail(*_: object) -> None:
        raise TransactionAborted(SimpleNamespace(name=str, str=str), "committing")  # type: ignore

    worker._source.batches = [batch(1), batch(2)]
    worker._turn()
    worker._commit = fail
    worker._meters.counts = SimpleNamespace(aborted=0)
    worker._guarded_turn()
    assert (worker._made, worker._source.rewinds) == (None, 1)


def test_stopping_commits_what_is_made_and_takes_nothing_more(worker: Any) -> None:
    worker._source.batches = [batch(1), batch(2)]
    worker._turn()
    worker._stopping = True
    worker._turn()
    assert [made for _, _, made in worker.committed] == [("v1", 1)]
    assert worker._made is None
    assert len(worker._source.batches) == 1
