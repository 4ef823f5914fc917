"""An executor scores a chunk while the one before it is written: what becomes of both."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from ledger.records import Interval
from replay import executor
from replay.chunk_writer import Scored, Taken
from replay.executor import PATIENCE_SECONDS, Executor
from replay.judgement import Judgement
from replay.tasks import Task


class Queue:
    """Gives tasks 0, 1, 2 … of one partition; records what comes back."""

    share = 0.5

    def __init__(self) -> None:
        self.given = 0
        self.back: list[int] = []
        self.idled = 0

    def poll(self, _: float) -> tuple[Task, TopicPartition]:
        self.given += 1
        return task(self.given - 1), place(self.given - 1)

    def put_back(self, where: TopicPartition) -> None:
        self.back.append(where.offset)

    def idle(self, _: float) -> None:
        self.idled += 1

    def group_metadata(self) -> object:
        return "member"


def task(number: int) -> Task:
    return Task("r", Interval(0, number * 100, number * 100 + 100))


def place(number: int) -> TopicPartition:
    return TopicPartition("replay-tasks", 0, number)


def taken(number: int) -> Taken:
    return Taken(task(number), place(number), "member")


def scored(number: int) -> Any:
    return Scored(taken(number), SimpleNamespace(number=number))  # type: ignore[arg-type]


@pytest.fixture
def one(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An executor without clients; its replay may run and every task is to be done."""
    monkeypatch.setattr(executor, "may_run", lambda *_: True)
    monkeypatch.setattr(executor, "judge", lambda *_: Judgement.DO)
    replay = SimpleNamespace(active=True, request=SimpleNamespace(rate=None))
    state = SimpleNamespace(active_replay=replay, replays={"r": replay})
    one: Any = object.__new__(Executor)
    one._ledger = SimpleNamespace(state=state)
    one._runs = SimpleNamespace(read_to_end=list)
    one._queue = Queue()
    one._governor = SimpleNamespace(verdict=SimpleNamespace(gives_way=False))
    one._scoring = ThreadPoolExecutor(1)
    one._scored, one._not_before, one._patience = None, 0.0, PATIENCE_SECONDS
    one._written = []
    one._writer = SimpleNamespace(write=lambda chunk, _: one._written.append(chunk.number) or True)
    one._score = lambda of: scored(of.place.offset)
    one._finish_if_done = lambda **_: None
    return one


def test_the_next_is_scored_once_this_one_is_written(one: Any) -> None:
    one._write(scored(0), taken(1))
    assert one._written == [0]
    assert one._scored.taken.place.offset == 1
    assert one._queue.back == []


def test_what_cannot_be_written_is_put_back_with_the_one_behind_it(one: Any) -> None:
    one._writer.write = lambda *_: False
    one._write(scored(0), taken(1))
    # The earlier one last: a seek to the later one would pass it.
    assert one._queue.back == [1, 0]
    assert one._scored is None


def test_a_replay_that_no_longer_runs_gets_nothing_more(
    one: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "may_run", lambda *_: False)
    one._write(scored(0), taken(1))
    assert (one._written, one._queue.back) == ([], [1, 0])


def test_a_chunk_given_up_while_another_is_written_is_put_back(one: Any) -> None:
    one._score = lambda _: None
    one._write(scored(0), taken(1))
    assert (one._written, one._queue.back, one._scored) == ([0], [1], None)


@pytest.mark.parametrize("written", [True, False])
def test_an_error_of_the_other_thread_is_not_lost(one: Any, written: bool) -> None:
    def fail(_: object) -> None:
        raise FileNotFoundError("the model")

    one._score = fail
    one._writer.write = lambda *_: written
    with pytest.raises(FileNotFoundError):
        one._write(scored(0), taken(1))


def test_with_a_rate_no_task_is_taken_before_its_time(
    one: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr(executor.time, "monotonic", lambda: now)
    one._ledger.state.active_replay.request.rate = 10
    one._scored = scored(7)
    # 100 offsets at half of 10 a second.
    assert one._take() is not None
    now += 19.9
    assert one._take() is None
    now += 0.2
    assert one._take() is not None
    assert one._queue.given == 2


def test_what_is_scored_waits_for_live_scoring_and_is_given_up_in_the_end(one: Any) -> None:
    one._scored = scored(0)
    assert not one._holds_back(one._scored, None)
    one._governor.verdict.gives_way = True
    waits = 0
    while one._scored is not None:
        assert one._holds_back(one._scored, None)
        waits += 1
    assert (one._queue.idled, one._queue.back) == (waits - 1, [0])
