"""What status says next, and how commands meet bad settings and Ctrl-C; no Kafka is asked."""

from pathlib import Path
from typing import Any

import pytest
import typer

from broker.groups import Committed
from creneau import overview
from creneau.cli import carrying_out
from creneau.cli import replay as commands
from creneau.cli.main import app
from creneau.overview import Overview
from ledger.fold import LedgerState, fold
from ledger.metadata import CommitMetadata, encode
from ledger.runs import Run
from producer_contract.errors import BadUseError
from replay.status import ReplayStatus
from tests.ledger.build import ledger, promoted, registered, requested, revoked

STATE = ledger(
    registered("bad"),
    registered("good"),
    promoted("bad"),
    revoked("bad", to="good"),
    requested("r", "bad", to="good"),
)


def glance(state: LedgerState, shown: str | None = "paused", **fields: Any) -> Overview:
    status = ReplayStatus("r", shown, 10, 5, 0.0, None, 0, {}) if shown else None
    known: dict[str, Any] = {"workers": {}, "lag": {}, "scored": 0, "dead": 0, "acknowledged": 0}
    return Overview(
        cluster="nowhere:1",
        in_force=state.in_force,
        epoch=state.epoch,
        models=len(state.models),
        replay=status,
        replacement_revoked=overview._replacement_revoked(state),
        **known | fields,
    )


def test_a_paused_replay_is_resumed() -> None:
    step = "creneau replay resume --executors 1, or creneau replay cancel"
    assert glance(STATE).next_step() == step


def test_where_nothing_is_in_force_one_promotes_before_one_resumes() -> None:
    state = ledger(
        registered("bad"),
        registered("good"),
        promoted("bad"),
        revoked("bad"),
        requested("r", "bad", to="good"),
    )
    step = glance(state).next_step()
    assert step.startswith("creneau model promote")
    assert step.endswith("then creneau replay resume --executors 1")
    assert "resume" not in glance(state, "running").next_step()


def test_a_running_replay_without_executors_gets_one() -> None:
    assert "--executors 1: no executor" in glance(STATE, "running").next_step()
    assert glance(STATE, "running", executors=1).next_step() == "creneau replay status --watch"


REVOKED = ledger(registered("bad"), registered("good"), promoted("bad"), revoked("bad", to="good"))


def test_what_a_replay_waits_for_before_it_begins_is_shown() -> None:
    answers = {0: Committed(9, encode(CommitMetadata(6, 5, 4, 0))), 1: Committed(7, "")}
    fence = overview._open_fence(REVOKED, answers, ["bad"])
    seen = glance(REVOKED, None, fence=fence, workers={"one": [0]}, lag={0: 0, 1: 2})
    awaited = (
        "revocation at epoch 6: 1 of 2 partitions acknowledged; "
        "nobody works on partitions 1: start one: creneau worker"
    )
    assert seen.as_json()["awaited"] == awaited
    assert f"fence         {awaited}" in seen.lines()
    held = glance(REVOKED, None, fence=fence, workers={"one": [0], "two": [1]})
    assert "waiting for partitions 1" in (held.awaited() or "")


def test_nothing_is_awaited_once_all_have_acknowledged_or_the_replay_has_begun() -> None:
    late = {0: Committed(7, "")}
    there = {0: Committed(9, encode(CommitMetadata(6, 5, 4, 0)))}
    assert overview._open_fence(REVOKED, there, ["bad"]) is None
    assert overview._open_fence(STATE, late, ["bad"]) is None
    assert overview._open_fence(REVOKED, late, []) is None
    assert glance(REVOKED, None).awaited() is None


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
        carrying_out.confirmed("go on?")


def test_the_partitions_that_are_behind_are_named_the_furthest_first() -> None:
    lag = {0: 0, 1: 5, 2: 1_000, **dict.fromkeys(range(3, 12), 1)}
    lines = glance(STATE, lag=lag).lines()
    first = lines.index("lag           1,014 offsets")
    assert lines[first + 1 : first + 10] == [
        "              partition 2: 1,000",
        "              partition 1: 5",
        *(f"              partition {partition}: 1" for partition in range(3, 9)),
        "              and 3 more partitions",
    ]
    assert not [line for line in glance(STATE, lag={0: 0}).lines() if "partition 0" in line]


@pytest.mark.parametrize("option", [("--executors", "2"), ("--yes",)])
def test_what_a_detached_replay_would_not_heed_is_refused(
    option: tuple[str, ...],
) -> None:
    with pytest.raises(typer.BadParameter, match="--detach") as refused:
        app(["replay", "start", "--with", "good", "--detach", *option], standalone_mode=False)
    assert refused.value.param_hint == option[0]
