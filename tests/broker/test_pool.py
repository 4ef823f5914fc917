"""A pool of processes without Kafka: who is started again, who ends it, what is kept of them."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from broker import pool as pools
from broker.backoff import Backoff
from broker.pool import Place, Pool, Reported
from broker.stopping import Stopping

AT_ONCE = Backoff(first=0.01, longest=0.01)
DRAINS = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); "
REPORTS = DRAINS + "print('noise'); print('{\"problem\": null}', flush=True); "


class Word(msgspec.Struct):
    problem: str | None


class Keeping(Pool[Word]):
    """Counts the last reports of processes that ended."""

    kept = 0

    def keep(self, report: Word) -> None:
        self.kept += 1


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def reporting(code: str, processes: int = 1) -> Keeping:
    decode = msgspec.json.Decoder(Word).decode
    return Keeping(python(code), processes, kind="worker", decode=decode, backoff=AT_ONCE)


def silent(code: str, processes: int = 1) -> "Pool[Reported]":
    return Pool(python(code), processes, kind="executor", backoff=AT_ONCE)


@pytest.fixture
def turned() -> Iterator[Callable[["Pool[Word] | Pool[Reported]", Callable[[], object]], None]]:
    """Turns a pool until something is so; stops it in the end."""
    started: list[Pool[Word] | Pool[Reported]] = []

    def until(pool: "Pool[Word] | Pool[Reported]", so: Callable[[], object]) -> None:
        started.append(pool)
        deadline = time.monotonic() + 20
        while not so():
            assert time.monotonic() < deadline
            assert pool.turn() == 0
            time.sleep(0.01)

    yield until
    for pool in started:
        pool.stop()


Turned = Callable[[object, Callable[[], object]], None]


def test_a_killed_process_is_started_again_and_its_last_report_kept(turned: Turned) -> None:
    pool = reporting(REPORTS + "signal.pause()", 2)
    turned(pool, lambda: len(pool.reports()) == 2)
    assert pool.problems() == []
    os.kill(pool.pids[0], signal.SIGKILL)
    turned(pool, lambda: pool.restarts == 1 and len(pool.reports()) == 2)
    assert pool.kept == 1


def test_a_crash_is_tried_again(turned: Turned) -> None:
    pool = silent("raise RuntimeError")
    turned(pool, lambda: pool.restarts >= 2)


@pytest.mark.parametrize("code", [2, 3, 70])
def test_another_exit_code_ends_the_pool_and_the_rest_drains(code: int, tmp_path: Path) -> None:
    first = tmp_path / "first"
    ending = f"import os; os.mkdir({str(first)!r})"
    act = f"try:\n {ending}\nexcept OSError: signal.pause()\nsys.exit({code})"
    pool = silent(f"{DRAINS}\n{act}", 2)
    assert pool.run(Stopping()) == code
    assert pool.pids == []


def test_stopped_it_drains_them_all() -> None:
    pool = reporting(REPORTS + "signal.pause()")
    stopped = Stopping()
    thread = threading.Thread(target=lambda: codes.append(pool.run(stopped)))
    codes: list[int] = []
    thread.start()
    deadline = time.monotonic() + 20
    while not pool.reports():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    stopped.set()
    thread.join(20)
    assert codes == [0]
    assert pool.pids == []


def test_a_process_that_falls_silent_is_killed(
    turned: Turned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "SILENT_SECONDS", 0.5)
    pool = reporting("import signal; signal.pause()")
    turned(pool, lambda: pool.restarts == 1)


def test_processes_that_report_nothing_are_not_taken_for_silent(
    turned: Turned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "SILENT_SECONDS", 0.0)
    pool = silent(DRAINS + "signal.pause()")
    turned(pool, lambda: pool.pids)
    assert pool.alive()
    assert pool.problems() == []
    assert pool.turn() == 0
    assert pool.restarts == 0


class TakenAway(Place[Word]):
    """Its report is taken by another thread after every look."""

    _left: Word | None = None

    @property
    def report(self) -> Word | None:
        report, self._left = self._left, None
        return report

    @report.setter
    def report(self, report: Word | None) -> None:
        self._left = report


def test_readiness_may_be_asked_while_a_process_ends(turned: Turned) -> None:
    decode = msgspec.json.Decoder(Word).decode
    pool = reporting(REPORTS + "signal.pause()")
    place = TakenAway(python(DRAINS + "signal.pause()"), "worker", decode, AT_ONCE)
    pool._places = [place]
    turned(pool, lambda: pool.pids)
    place.report = Word("no model")
    assert pool.problems() == ["no model"]
    assert pool.problems() == ["worker process is starting"]
    place.report = Word(None)
    assert pool.reports() == [Word(None)]
