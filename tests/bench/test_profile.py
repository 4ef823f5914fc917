"""What py-spy saw, sorted into steps, and microseconds made of it."""

import ctypes
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.proc import TICKS, cpu_seconds
from bench.profile import THE_REST, by_step, figures, thread_seconds

COMMIT = "run (consumer/worker.py:1);commit (consumer/transaction.py:43)"
STACKS = (
    "run (threading.py:1);make (consumer/made.py:39);outcomes (consumer/outcomes.py:70);"
    "decode_slots (model/slots.py:56);_plain (model/slots.py:70) 30",
    "make (consumer/made.py:39);outcomes (consumer/outcomes.py:70);"
    "features_of (model/features.py:98);locate (model/departements/lookup.py:66) 20",
    f"{COMMIT};_write_outcomes (consumer/transaction.py:49);produce_all (broker/session.py:152) 7",
    f"{COMMIT};send_offsets (broker/session.py:163) 3",
    "run (consumer/worker.py:1) 40",
)


def test_a_stack_counts_for_the_first_step_that_it_is_in() -> None:
    found = by_step(STACKS)
    assert {name: count for name, count in found.items() if count} == {
        "decode and validate": 30,
        "features": 20,
        "produce": 7,
        "offsets and commit": 3,
        THE_REST: 40,
    }


def test_the_steps_share_what_the_interpreter_spends() -> None:
    found = figures(100_000, {"interpreter": 0.8, "broker": 0.5}, by_step(STACKS))
    assert found["microseconds"] == pytest.approx({"clock": 10, "interpreter": 8, "broker": 5})
    assert sum(found["steps"].values()) == pytest.approx(8)
    assert found["steps"]["features"] == pytest.approx(8 * 0.2)


@contextmanager
def busy_thread(name: str, seconds: float) -> Iterator[None]:
    """A thread that the kernel knows by this name, and that has been busy for so long; it ends
    when this does."""
    was_busy, ending = threading.Event(), threading.Event()

    def run() -> None:
        ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)  # PR_SET_NAME
        while time.thread_time() < seconds:
            pass
        was_busy.set()
        ending.wait()

    thread = threading.Thread(target=run)
    thread.start()
    was_busy.wait()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def test_librdkafkas_threads_are_told_by_their_names() -> None:
    before = thread_seconds(os.getpid())
    with busy_thread("rdk:broker1", 0.2):
        after = thread_seconds(os.getpid())
    assert after["librdkafka"] - before["librdkafka"] == pytest.approx(0.2, abs=5 / TICKS)


def test_the_time_of_a_thread_that_has_ended_is_the_interpreters() -> None:
    before = thread_seconds(os.getpid())
    with busy_thread("send-offsets", 0.2):
        pass
    after = thread_seconds(os.getpid())
    assert after["interpreter"] - before["interpreter"] >= 0.2 - 5 / TICKS
    assert after["librdkafka"] == before["librdkafka"]


def test_a_thread_that_ends_while_it_is_looked_at_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Path, "iterdir", lambda tasks: iter([tasks / "gone"]))
    found = thread_seconds(os.getpid())
    assert found["librdkafka"] == 0
    assert found["interpreter"] == pytest.approx(cpu_seconds(os.getpid()), abs=5 / TICKS)
