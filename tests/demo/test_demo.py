"""``creneau demo`` as a user runs it: it passes, says so in JSON, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from creneau.demo.processes import _all_processes
from creneau.sandbox.processes import birth

COMMAND = (sys.executable, "-c", "from creneau.cli.main import main; main()", "demo")
pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


@contextmanager
def running_demo(var: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CRENEAU_")}
    with subprocess.Popen(
        [*COMMAND, *options],
        env=environment | {"CRENEAU_VAR": str(var)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def descendants(pid: int) -> dict[int, str]:
    """Every process below ``pid``, with its birth."""
    parents = {child: parent for child, parent, _ in _all_processes()}
    found, level = set[int](), {pid}
    while level:
        level = {child for child, parent in parents.items() if parent in level} - found
        found |= level
    return {child: born for child in found if (born := birth(child)) is not None}


def wait_until_gone(processes: dict[int, str]) -> None:
    deadline = time.monotonic() + 30
    while left := [pid for pid, born in processes.items() if birth(pid) == born]:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.1)


def wait_for_line(process: "subprocess.Popen[str]", text: str) -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if text in line:
            return
    pytest.fail(f"the demo ended before it said '{text}': {''.join(said)}")


def test_the_demo_passes_and_writes_its_result(tmp_path: Path) -> None:
    result = tmp_path / "demo.json"
    options = ("--seconds", "4", "--rate", "500", "--json", str(result))
    with running_demo(tmp_path / "var", *options) as process:
        said, _ = process.communicate(timeout=200)
    assert process.returncode == 0, said
    found = json.loads(result.read_text("utf-8"))
    latency, recovery = found.pop("latency_ms"), found.pop("recovery_seconds")
    assert found == {
        "published": 2_000,
        "scored": 1_996,
        "dead_lettered": 4,
        "lost": 0,
        "duplicated": 0,
    }
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"]
    assert 0 < recovery < 60
    assert "killed a worker" in said


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_the_demo_ends_all_that_it_started(
    tmp_path: Path, how: signal.Signals
) -> None:
    with running_demo(tmp_path / "var", "--rate", "50") as process:
        wait_for_line(process, "workers are ready")
        started = descendants(process.pid)
        assert len(started) >= 5  # Kafka, the pool, two workers, the slot app
        process.send_signal(how)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if how == signal.SIGKILL else 130), said
    wait_until_gone(started)


def test_a_result_file_that_cannot_be_written_is_refused_before_anything_starts(
    tmp_path: Path,
) -> None:
    options = ("--json", str(tmp_path / "absent" / "demo.json"))
    with running_demo(tmp_path / "var", *options) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said.startswith("creneau: ")
    assert said.count("\n") == 1
    assert not (tmp_path / "var").exists()
