"""What executors of a starting command say goes to a file, and the last word of it comes back."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from creneau.cli import carrying_out
from creneau.executor_log import KEPT, CannotLogError, drop_if_empty, keep_log, last_error
from producer_contract.errors import UnavailableError
from replay.request import Order


@pytest.fixture(autouse=True)
def _structlog_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_all_that_a_process_says_on_standard_error_is_in_the_file(tmp_path: Path) -> None:
    log = keep_log(tmp_path)
    code = (
        "import sys; from pathlib import Path; from creneau.executor_log import write_here\n"
        f"write_here(Path({str(log)!r}))\n"
        "print('creneau: the first', file=sys.stderr); print('a log line', file=sys.stderr)\n"
        "print('creneau: the model is gone', file=sys.stderr); raise ZeroDivisionError"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")
    structlog.get_logger().warning("executor process ended, starting another")
    kept = log.read_text("utf-8")
    assert "ZeroDivisionError" in kept
    assert "starting another" in kept
    assert last_error(log) == "the model is gone"


def test_without_an_error_of_ours_there_is_none(tmp_path: Path) -> None:
    assert last_error(keep_log(tmp_path)) is None
    assert last_error(tmp_path / "nowhere") is None


def test_the_logs_of_the_last_twenty_commands_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    for age in range(30):
        old = folder / f"replay-{age}.log"
        old.write_text("said")
        os.utime(old, (1_000_000 - age, 1_000_000 - age))
    (folder / "bug-1.txt").write_text("not ours")
    mine = keep_log(tmp_path)
    kept = {path.name for path in folder.iterdir()}
    assert kept == {mine.name, "bug-1.txt", *(f"replay-{age}.log" for age in range(KEPT - 1))}


def test_a_command_that_has_logged_nothing_leaves_nothing_behind(tmp_path: Path) -> None:
    log = keep_log(tmp_path)
    drop_if_empty(log)
    assert not log.exists()
    drop_if_empty(log)
    log.write_text("said")
    drop_if_empty(log)
    assert log.exists()


class Replays:
    """Requests a replay, or is refused."""

    def __init__(self, var: Path, error: BaseException | None = None) -> None:
        self.settings = SimpleNamespace(var=var)
        self.error = error

    def request(self, *_: Any) -> Any:
        if self.error is not None:
            raise self.error
        return SimpleNamespace(replay_id="r", epoch=8, plan=SimpleNamespace(chunks=()))


@pytest.mark.parametrize("error", [None, UnavailableError("refused"), KeyboardInterrupt()])
def test_detached_or_refused_there_is_no_empty_log(
    tmp_path: Path, error: BaseException | None
) -> None:
    replays: Any = Replays(tmp_path, error)
    with suppress(UnavailableError, KeyboardInterrupt):
        carrying_out.carry_out(
            replays, Order("good"), executors=0, yes=False, reason="", as_json=True
        )
    assert list((tmp_path / "log").iterdir()) == []


def test_a_ctrl_c_while_others_are_waited_for_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replays: Any = Replays(tmp_path, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        carrying_out.carry_out(
            replays, Order("good"), executors=1, yes=False, reason="", as_json=False
        )
    assert "else give this command again" in capsys.readouterr().err


def test_where_no_file_can_be_made_that_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("in the way")
    with pytest.raises(CannotLogError, match="set CRENEAU_VAR"):
        keep_log(tmp_path)
