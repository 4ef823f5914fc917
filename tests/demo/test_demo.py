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
from typing import Any

import pytest

from creneau.demo.processes import _all_processes
from creneau.sandbox.emulator_environment import NoInterpreterError
from creneau.sandbox.emulator_road import road
from creneau.sandbox.processes import birth

COMMAND = (sys.executable, "-c", "from creneau.cli.main import main; main()", "demo")
REPORTS = ("lessons-by-department", "nth-lesson")
pytestmark = [pytest.mark.kafka, pytest.mark.timeout(420)]


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


def wait_for_line(process: "subprocess.Popen[str]", text: str) -> str:
    """Everything that was said, up to and including the line with ``text``."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if text in line:
            return "".join(said)
    pytest.fail(f"the demo ended before it said '{text}': {''.join(said)}")


def an_emulator_is_possible() -> bool:
    """Without one the demo says so; with CI=true that is a failure."""
    try:
        road()
    except NoInterpreterError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        return False
    return True


def assert_warehouse(found: dict[str, Any], said: str, records: dict[str, int]) -> None:
    if not an_emulator_is_possible():
        assert "warehouse     left out: the BigQuery emulator needs a Python" in said
        assert (found["passed"], found["archived"]) == (True, {})
        return
    assert found == {"kafka": records, "archived": records, "passed": True, "why": None}
    verdict, story = said.index("passed: every slot"), said.index("killed a worker")
    reports = [said.index(f"$ creneau report {name}") for name in REPORTS]
    assert story < verdict < min(reports)
    assert said.rstrip().endswith("warehouse     passed")


def test_the_demo_tells_its_story_and_writes_its_result(tmp_path: Path) -> None:
    result = tmp_path / "demo.json"
    options = ("--seconds", "12", "--rate", "300", "--json", str(result))
    with running_demo(tmp_path / "var", *options) as process:
        said, _ = process.communicate(timeout=400)
    assert process.returncode == 0, said
    found = json.loads(result.read_text("utf-8"))
    latency, recovery, replay = (
        found.pop(key) for key in ("latency_ms", "recovery_seconds", "replay")
    )
    warehouse = found.pop("warehouse")
    published = found["published"]
    assert found == {
        "published": published,
        "scored": published - published // 500,
        "dead_lettered": published // 500,
        "lost": 0,
        "duplicated": 0,
        "executor_killed": True,
    }
    assert published >= 12 * 300 * 0.9
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"]
    assert recovery > 0
    assert replay.pop("seconds") > 0
    assert replay.pop("governed_seconds") >= 0
    certificate = json.loads(Path(replay.pop("certificate")).read_bytes())
    assert replay == {
        "id": certificate["replay_id"],
        "affected": certificate["totals"]["scored"] + certificate["totals"]["dead"],
        "corrected": replay["affected"],
        "withdrawn": 0,
        "left_behind": 0,
        "verified": True,
    }
    assert "killed a worker" in said
    assert "killed the executor" in said
    records = {
        "slot_events": published,
        # What is refused again, as it was before, is announced to nobody.
        "slot_probabilities": found["scored"] + certificate["totals"]["scored"],
        "dead_letters": found["dead_lettered"],
    }
    assert_warehouse(warehouse, said, records)


@pytest.mark.parametrize(
    "how",
    [
        signal.SIGINT,
        pytest.param(signal.SIGTERM, marks=pytest.mark.soak),
        pytest.param(signal.SIGKILL, marks=pytest.mark.soak),
    ],
)
def test_whatever_ends_the_demo_ends_all_that_it_started(
    tmp_path: Path, how: signal.Signals
) -> None:
    with running_demo(tmp_path / "var", "--rate", "50") as process:
        said = wait_for_line(process, "workers are ready")
        started = descendants(process.pid)
        assert len(started) >= 4, said  # Kafka, the pool, two workers, the slot app soon
        process.send_signal(how)
        rest, _ = process.communicate(timeout=60)
    said += rest
    assert process.returncode == (-signal.SIGKILL if how == signal.SIGKILL else 130), said
    if how != signal.SIGKILL:
        assert rest.splitlines()[-1] == (
            "creneau: interrupted; all that the demo had started has ended"
        )
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
