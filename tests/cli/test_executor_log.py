"""What executors of a starting command say goes to a file, and the last word of it comes back."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from creneau.executor_log import CannotLogError, keep_log, last_error


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


def test_where_no_file_can_be_made_that_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("in the way")
    with pytest.raises(CannotLogError, match="set CRENEAU_VAR"):
        keep_log(tmp_path)
