"""Following a replay through a broker's absence, a canary and Ctrl-C; no Kafka is asked."""

from types import SimpleNamespace
from typing import Any

import pytest

from broker.errors import BrokerUnreachableError, LogNotStableError, TopicMissingError
from creneau import following
from creneau.following import Follower, FollowingEndedError
from ledger.fold import LedgerState, fold
from ledger.records import Record
from ledger.writer import LedgerConflict
from replay.errors import ReplayNotInThatStateError
from replay.shift import Shift
from replay.status import ReplayStatus
from tests.ledger.build import completed, ledger, paused, promoted, registered, requested, revoked

RUNNING = ledger(
    registered("bad"),
    registered("good"),
    promoted("bad"),
    revoked("bad", to="good"),
    requested("r", "bad", to="good", canary_chunks=1, chunks=2),
)
AWAY = BrokerUnreachableError("no answer")


def then(state: LedgerState, *records: Record) -> LedgerState:
    for record in records:
        state = fold(state, state.end, record)
    return state


class Kafka:
    """A ledger and runs that answer what they are told to, one look after the other."""

    def __init__(self, *looks: LedgerState | Exception) -> None:
        self.looks = list(looks)
        self.deadlines: list[float] = []
        self.state = RUNNING

    def poll(self) -> LedgerState:
        return self.state

    def read_to_end(self, *, deadline_seconds: float) -> LedgerState:
        self.deadlines.append(deadline_seconds)
        return self.state

    def read(self, state: LedgerState, replay: Any) -> ReplayStatus:
        if self.looks:
            look = self.looks.pop(0)
            if isinstance(look, Exception):
                raise look
            self.state = look
        return ReplayStatus("r", str(replay.state), 10, 5, 1.0, None, 0, {})

    def close(self) -> None:
        pass


class Pool:
    stopped = False

    def turn(self) -> int:
        return 0

    def stop(self) -> None:
        self.stopped = True


def follower(
    monkeypatch: pytest.MonkeyPatch, kafka: Kafka, *, answer: bool = False, patience: float = 60
) -> tuple[Follower, Pool]:
    pool = Pool()
    monkeypatch.setattr(following, "LedgerReader", lambda _: kafka)

    def status(*_: Any, deadline_seconds: float) -> Kafka:
        kafka.deadlines.append(deadline_seconds)
        return kafka

    monkeypatch.setattr(following, "StatusReader", status)
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(following, "SHOW_SECONDS", 0.0)
    monkeypatch.setattr(following, "canary_shift", lambda *_: Shift(0, None, None, [], 0))
    replays: Any = SimpleNamespace(
        kafka=None,
        load=None,
        archive=None,
        replay=SimpleNamespace(limits=None),
        pool=lambda *_, **__: pool,
    )
    return Follower(replays, "r", 1, answer=lambda _: answer, patience=patience), pool


def test_a_short_absence_of_kafka_is_shown_and_followed_through(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kafka = Kafka(RUNNING, AWAY, AWAY, then(RUNNING, completed("r")))
    one, pool = follower(monkeypatch, kafka)
    assert one.follow().status.state == "completed"
    assert "no answer: for 0 s; going on when Kafka is back" in capsys.readouterr().err
    assert pool.stopped


def test_a_long_one_ends_with_how_to_look_again(monkeypatch: pytest.MonkeyPatch) -> None:
    one, pool = follower(monkeypatch, Kafka(*[AWAY] * 1_000), patience=0.0)
    with pytest.raises(FollowingEndedError) as ended:
        one.follow()
    assert "creneau replay status" in str(ended.value)
    assert "creneau replay resume r --executors 1" in str(ended.value)
    assert pool.stopped


def test_a_strangers_open_transaction_is_named_and_no_executor_waits_long_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held = LogNotStableError("scoring-runs[0]: held back at offset 4 of 9")
    kafka = Kafka(held, then(RUNNING, completed("r")))
    one, _ = follower(monkeypatch, kafka)
    assert one.follow().status.state == "completed"
    said = capsys.readouterr().err
    assert "held back: scoring-runs[0]: held back at offset 4 of 9" in said
    assert "no answer" not in said
    assert max(kafka.deadlines) <= 5


def test_what_does_not_mend_itself_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = follower(monkeypatch, Kafka(TopicMissingError("no topic")))
    with pytest.raises(TopicMissingError):
        one.follow()


def at_the_canary() -> Kafka:
    return Kafka(then(RUNNING, paused("r", canary=True)))


def test_another_operator_who_writes_while_we_answer_does_not_end_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kafka = at_the_canary()

    def conflict(*_: Any, **__: Any) -> None:
        kafka.looks = [then(kafka.state, completed("r"))]
        kafka.state = RUNNING
        raise LedgerConflict("another operator was quicker")

    monkeypatch.setattr(following, "resume", conflict)
    one, _ = follower(monkeypatch, kafka, answer=True)
    assert one.follow().status.state == "completed"


def test_left_unanswered_it_stays_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = follower(monkeypatch, at_the_canary())
    assert one.follow().status.state == "paused"


def interrupted(monkeypatch: pytest.MonkeyPatch, *pausing: Exception | None) -> int:
    """Ctrl-C at the first look, when pausing does this; how often it was tried."""
    one, pool = follower(monkeypatch, Kafka())
    left = list(pausing)

    def pause(*_: Any, **__: Any) -> None:
        if (error := left.pop(0)) is not None:
            raise error

    def interrupt(_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(following, "pause", pause)
    monkeypatch.setattr(one, "_look", interrupt)
    with pytest.raises(KeyboardInterrupt):
        one.follow()
    assert pool.stopped
    return len(pausing) - len(left)


def test_an_executor_that_writes_at_the_moment_of_ctrl_c_is_let_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert interrupted(monkeypatch, LedgerConflict("another"), None) == 2
    assert "replay r is paused; go on with: creneau replay resume r" in capsys.readouterr().err


def test_what_could_not_be_paused_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    conflict = LedgerConflict("another operator")
    assert interrupted(monkeypatch, conflict, conflict) == 2
    said = capsys.readouterr().err
    assert "could not be paused (another operator)" in said
    assert "creneau replay pause r" in said
    assert said.count("\n") == 1


def test_ctrl_c_stays_an_interruption_where_kafka_is_away_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(_: Any) -> LedgerState:
        raise AWAY

    monkeypatch.setattr(following, "read_ledger", away)
    interrupted(monkeypatch, ReplayNotInThatStateError("it is paused already"))
    said = capsys.readouterr().err
    assert "could not be paused (no answer)" in said
    assert "to go on: creneau replay resume r --executors 1" in said


@pytest.mark.parametrize("left", [True, False])
def test_ctrl_c_says_how_to_go_on_where_it_is_left_paused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], left: bool
) -> None:
    state = then(RUNNING, paused("r")) if left else then(RUNNING, completed("r"))
    monkeypatch.setattr(following, "read_ledger", lambda _: state)
    interrupted(monkeypatch, ReplayNotInThatStateError("it is over"))
    assert ("is paused; go on with" in capsys.readouterr().err) == left
