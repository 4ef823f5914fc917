"""What status says next, and how commands meet bad settings and Ctrl-C; no Kafka is asked."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer

from creneau import following, overview
from creneau.cli import replay as commands
from creneau.following import Follower
from creneau.overview import Overview
from ledger.fold import LedgerState, fold
from ledger.runs import Run
from producer_contract.errors import BadUseError
from replay.errors import ReplayNotInThatStateError
from replay.status import ReplayStatus
from tests.ledger.build import ledger, paused, promoted, registered, requested, revoked

STATE = ledger(
    registered("bad"),
    registered("good"),
    promoted("bad"),
    revoked("bad", to="good"),
    requested("r", "bad", to="good"),
)


def glance(state: LedgerState, **fields: Any) -> Overview:
    status = ReplayStatus("r", "paused", 10, 5, 0.0, None, 0, {})
    return Overview(
        cluster="nowhere:1",
        in_force=state.in_force,
        epoch=state.epoch,
        models=len(state.models),
        workers={},
        lag={},
        scored=0,
        dead=0,
        acknowledged=0,
        replay=status,
        replacement_revoked=overview._replacement_revoked(state),
        **fields,
    )


def test_a_paused_replay_is_resumed() -> None:
    assert glance(STATE).next_step().startswith("creneau replay resume")


def test_a_replay_whose_replacement_is_revoked_is_cancelled() -> None:
    later = fold(STATE, STATE.end, revoked("good"))
    assert glance(later).next_step().startswith("creneau replay cancel")


def test_a_revoked_model_that_only_replayed_is_still_to_be_corrected() -> None:
    by_bad, by_good = Run(0, 0, 5, 3, "bad", "r0", scored=5), Run(0, 0, 5, 3, "good", scored=5)
    assert overview._uncorrected(STATE, [by_good, by_bad]) == ("bad",)
    assert overview._uncorrected(STATE, [by_good]) == ()


def test_an_executor_process_with_a_bad_setting_says_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from creneau.executor_process import main

    bad_settings(monkeypatch, tmp_path)
    assert main() == 2
    said = capsys.readouterr().err
    assert said.startswith("creneau: ")
    assert said.count("\n") == 1


def test_no_pool_is_started_with_a_bad_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from creneau.replays import Replays

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a pool was started")

    bad_settings(monkeypatch, tmp_path)
    monkeypatch.setattr(Replays, "pool", never)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with pytest.raises(BadUseError):
        commands.executor(1)


def bad_settings(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "creneau.toml").write_text("[replay]\nno_such_setting = 1\n")
    monkeypatch.chdir(folder)
    monkeypatch.setattr("creneau.structured_log.configure_log", lambda: None)


def test_ctrl_c_at_the_canarys_question_is_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def abort(*_: Any, **__: Any) -> None:
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", abort)
    with pytest.raises(KeyboardInterrupt):
        commands._confirmed("go on?")


def test_left_at_the_canary_it_is_said_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def already(*_: Any, **__: Any) -> None:
        raise ReplayNotInThatStateError("it is paused")

    monkeypatch.setattr(following, "pause", already)
    monkeypatch.setattr(following, "read_ledger", lambda _: fold(STATE, STATE.end, paused("r")))
    one: Any = object.__new__(Follower)
    one._replays, one._replay_id, one._executors = SimpleNamespace(kafka=None), "r", 2
    one._leave_paused()
    assert "creneau replay resume r --executors 2" in capsys.readouterr().err
    monkeypatch.setattr(following, "read_ledger", lambda _: STATE)
    one._leave_paused()
    assert capsys.readouterr().err == ""
