"""The demo's folder: nobody else's meanwhile, and one line where it cannot be had."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from creneau.demo import acts, stage, story
from creneau.demo.acts import Acts, NothingToKillError
from creneau.demo.processes import _by_ps, children_of
from creneau.demo.stage import StillRunningError, alone_in, clear, ways_around
from creneau.demo.story import Script, play
from creneau.sandbox.alone import BusyError
from creneau.sandbox.processes import birth
from producer_contract.testing.errors import FolderUnusableError

SAID: list[str] = []
VIEW: Any = SimpleNamespace(say=SAID.append)


def running_sandbox(folder: Path) -> None:
    """A Kafka that runs from ``folder``: this very process stands for it."""
    file = folder / "sandbox/sandbox.json"
    file.parent.mkdir(parents=True)
    broker = {"node_id": 1, "port": 1, "pid": os.getpid(), "born": birth(os.getpid())}
    state = {"bootstrap_servers": "127.0.0.1:1", "brokers": [broker], "started_at": "then"}
    file.write_text(json.dumps(state))


def test_a_second_demo_in_the_folder_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with alone_in(folder):
        clear(folder)
        (folder / "published.ndjson").touch()
        with pytest.raises(BusyError, match="another demo"):
            play(Script(folder), VIEW)
        assert (folder / "published.ndjson").exists()


def test_what_was_killed_while_it_started_to_be_kept_is_said_how_to_stop(tmp_path: Path) -> None:
    running_sandbox(tmp_path / "demo")
    with pytest.raises(StillRunningError, match="creneau sandbox down") as refused:
        clear(tmp_path / "demo")
    assert "kill " not in str(refused.value)


def test_the_workers_of_a_kept_demo_are_stopped_first(tmp_path: Path) -> None:
    (tmp_path / stage.KEPT).write_text(json.dumps({"workers_pid": 12, "workers_port": 34}))
    assert "kill 12 && " in ways_around(tmp_path)[-1]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderUnusableError, match="CRENEAU_VAR"):
        play(Script(tmp_path / "file" / "demo"), VIEW)


def test_a_file_in_place_of_the_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "demo").touch()
    with pytest.raises(FolderUnusableError, match="CRENEAU_VAR"):
        clear(tmp_path / "demo")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), FolderUnusableError),
        (BrokenPipeError(32, "Broken pipe"), BrokenPipeError),
    ],
)
def test_a_full_disk_is_told_from_a_closed_pipe(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: OSError, said: type[Exception]
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(story, "_play", fail)
    with pytest.raises(said):
        play(Script(tmp_path / "demo"), VIEW)


def test_what_has_ended_before_the_kill_is_not_said_to_be_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    monkeypatch.setattr(acts, "children_of", lambda _: [ended.pid])
    parent: Any = SimpleNamespace(pid=1, log="its log")
    with pytest.raises(NothingToKillError):
        Acts._kill_child_of(SimpleNamespace(view=VIEW), parent, "it")  # type: ignore[arg-type]


def test_a_process_that_nobody_has_reaped_yet_is_no_child() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        assert child.pid in children_of(os.getpid())
        os.kill(child.pid, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while birth(child.pid) is not None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert child.pid not in children_of(os.getpid())


def test_without_proc_the_processes_come_from_ps_with_one_option_for_each_column(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def ps(command: list[str], **_: object) -> SimpleNamespace:
        asked.extend(command)
        return SimpleNamespace(stdout="  7     1 Ss+  python -m a b\n 8 7 Z [python] <defunct>\n")

    monkeypatch.setattr(subprocess, "run", ps)
    assert list(_by_ps()) == [(7, 1, "python -m a b")]
    assert not any("," in word for word in asked)
