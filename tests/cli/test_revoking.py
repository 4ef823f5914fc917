"""Revoking again, and joining the replay that is there already; no Kafka is asked."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from creneau import revocation
from creneau.cli import carrying_out
from creneau.cli.main import app
from creneau.revocation import Revocation, RevokedAlreadyError
from ledger.fold import LedgerState, fold
from ledger.records import ModelRevoked, Record, Selection
from producer_contract.errors import BadUseError
from replay.request import Order
from tests.ledger.build import ledger, paused, promoted, registered, requested, revoked

MODELS = (registered("bad"), registered("worse"), registered("good"), promoted("bad"))
REVOKED = ledger(*MODELS, revoked("bad", to="good"))
ORDER = Order("good", ("bad",))
RUNNING = fold(REVOKED, REVOKED.end, requested("r", "bad", to="good", canary_chunks=1, chunks=2))
PAUSED = fold(RUNNING, RUNNING.end, paused("r"))
AT_CANARY = fold(RUNNING, RUNNING.end, paused("r", canary=True))


@pytest.fixture
def revoke(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Revocation, list[Record]]]:
    """Revoke on a ledger in memory: what was said, and what was written."""

    def revoke(state: LedgerState, *versions: str, again: bool) -> tuple[Revocation, list[Record]]:
        written: list[Record] = []

        def append(_: Any, decide: Callable[[LedgerState], Sequence[Record]]) -> list[int]:
            written.extend(decide(state))
            return [state.end + place for place, _ in enumerate(written)]

        def read(_: Any) -> LedgerState:
            now = state
            for record in written:
                now = fold(now, now.end, record)
            return now

        monkeypatch.setattr(revocation, "append", append)
        monkeypatch.setattr(revocation, "read_ledger", read)
        monkeypatch.setattr(revocation, "load_version", lambda *_: None)
        nothing: Any = None
        done = revocation.revoke(
            nothing,
            nothing,
            versions,
            replacement="good",
            pause_scoring=False,
            again=again,
            reason="t",
        )
        return done, written

    return revoke


Revoke = Callable[..., tuple[Revocation, list[Record]]]


def test_revoking_again_is_refused_and_says_how_to_go_on(revoke: Revoke) -> None:
    with pytest.raises(RevokedAlreadyError, match="the same command with --replay"):
        revoke(REVOKED, "bad", again=False)


def test_again_with_replay_writes_nothing_new_and_says_so(revoke: Revoke) -> None:
    done, written = revoke(REVOKED, "bad", again=True)
    assert written == []
    assert (done.versions, done.epoch, done.in_force) == (("bad",), None, "good")
    assert str(done) == "bad: revoked before, nothing new for the ledger; in force: good"


def test_of_several_only_the_new_ones_are_written(revoke: Revoke) -> None:
    done, [record] = revoke(REVOKED, "bad", "worse", again=True)
    assert isinstance(record, ModelRevoked)
    assert record.versions == ("worse",)
    assert done.versions == ("bad", "worse")


def test_without_a_replacement_it_says_what_scoring_waits_for() -> None:
    assert "for creneau model promote" in str(Revocation(("bad",), 4, None))


@pytest.fixture
def ledger_of_commands(monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """What commands write; before it stand the models, ``bad`` in force."""
    written: list[Record] = []

    def read(_: Any) -> LedgerState:
        return ledger(*MODELS, *written)

    def append(_: Any, decide: Callable[[LedgerState], Sequence[Record]]) -> list[int]:
        new = decide(read(None))
        offsets = range(len(MODELS) + len(written), len(MODELS) + len(written) + len(new))
        written.extend(new)
        return list(offsets)

    monkeypatch.setattr("creneau.cluster.ready", lambda kafka: kafka)
    monkeypatch.setattr(revocation, "append", append)
    monkeypatch.setattr(revocation, "read_ledger", read)
    return written


def test_pausing_scoring_needs_no_replacement_and_leaves_nothing_in_force(
    ledger_of_commands: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["model", "revoke", "bad", "--pause-scoring", "--reason", "t"]
    app(words, standalone_mode=False)
    [record] = ledger_of_commands
    assert isinstance(record, ModelRevoked)
    assert (record.versions, record.replacement, record.reason) == (("bad",), None, "t")
    assert ledger(*MODELS, record).in_force is None
    assert capsys.readouterr().out.splitlines() == [
        "revoked bad at epoch 4; in force: nothing; new events wait in Kafka, unscored, for "
        "creneau model promote VERSION",
        "next: creneau model promote VERSION, then creneau replay start --with VERSION",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "say --with VERSION for what takes over, or --pause-scoring"),
        ("--pause-scoring --with good", "exclude each other"),
        ("--pause-scoring --replay", "--replay needs --with VERSION"),
    ],
)
def test_what_comes_after_the_model_in_force_must_be_said_and_once(
    ledger_of_commands: list[Record], words: str, said: str
) -> None:
    with pytest.raises(BadUseError, match=said):
        app(f"model revoke bad --reason t {words}".split(), standalone_mode=False)
    assert ledger_of_commands == []


def test_a_replay_that_does_all_that_is_asked_is_joined_and_no_other() -> None:
    active = RUNNING.replays["r"]
    assert carrying_out.does(active, ORDER)
    assert not carrying_out.does(active, Order("worse", ("bad",)))
    assert not carrying_out.does(active, Order("good", ("bad", "worse")))
    assert not carrying_out.does(active, Order("good", ("bad",), Selection(partitions=(0,))))


@pytest.mark.parametrize(
    ("state", "resumed"),
    # At its canary the operator is asked first.
    [(RUNNING, False), (PAUSED, True), (AT_CANARY, False)],
)
def test_joining_resumes_what_is_paused_except_at_its_canary(
    monkeypatch: pytest.MonkeyPatch, state: LedgerState, resumed: bool
) -> None:
    done: list[str] = []
    monkeypatch.setattr("ledger.reader.read_ledger", lambda _: state)
    monkeypatch.setattr("replay.control.resume", lambda *_, **__: done.append("resumed"))
    monkeypatch.setattr(carrying_out, "take_part", lambda *_, **__: done.append("joined"))
    replays: Any = SimpleNamespace(kafka=None)
    carrying_out.join_or_carry_out(replays, ORDER, executors=1, reason="", as_json=False)
    assert done == (["resumed"] if resumed else []) + ["joined"]


def test_a_replay_that_nobody_works_on_says_how_to_start_an_executor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kafka: Any = None
    monkeypatch.setattr("broker.clients.new_admin", lambda _: None)
    monkeypatch.setattr("replay.fence.executors", lambda *_: {})
    assert "none is running: creneau replay executor" in carrying_out.who_works(kafka, "r")
    monkeypatch.setattr("replay.fence.executors", lambda *_: {"one": [0], "two": []})
    assert "executors running: 2" in carrying_out.who_works(kafka, "r")
