"""A signal may come at any moment of a wait, and always ends it."""

import signal
import subprocess
import sys
import time
from threading import Thread
from types import FrameType

import pytest

from broker.stopping import Stopping

ROUNDS = """
import signal
from broker.stopping import Stopping
signal.signal(signal.SIGALRM, lambda *_: stop.set())
for number in range(4000):
    stop = Stopping()
    signal.setitimer(signal.ITIMER_REAL, 0.00002 + number % 97 * 0.000001)
    while not stop.is_set():
        stop.wait(0.000001)
print("stopped every time")
"""


def test_a_signal_in_any_moment_of_a_wait_ends_it() -> None:
    # With threading.Event in its place this hangs within seconds.
    done = subprocess.run(
        [sys.executable, "-c", ROUNDS], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "stopped every time\n"


def test_a_wait_ends_at_once_when_another_thread_asks() -> None:
    stop = Stopping()
    began = time.monotonic()
    asking = Thread(target=stop.set)
    asking.start()
    assert stop.wait(60)
    assert time.monotonic() - began < 30
    asking.join()
    assert stop.wait(0)


def test_without_a_request_it_waits_its_time_and_says_no() -> None:
    stop = Stopping()
    assert not stop.wait(0.01)
    assert not stop.is_set()
    stop.set()
    stop.set()
    assert stop.is_set()


@pytest.mark.parametrize("line", range(3))
def test_a_second_signal_anywhere_in_the_first_ones_request_does_no_harm(line: int) -> None:
    stop = Stopping()
    lines = 0

    def second_signal(frame: FrameType, event: str, _: object) -> object:
        nonlocal lines
        if frame.f_code is not Stopping.set.__code__:
            return None
        if event == "line":
            lines += 1
            if lines == line + 1:
                signal.raise_signal(signal.SIGALRM)
        return second_signal

    before = signal.signal(signal.SIGALRM, lambda *_: stop.set())
    traced = sys.gettrace()
    sys.settrace(second_signal)  # type: ignore[arg-type]
    try:
        stop.set()
    finally:
        sys.settrace(traced)
        signal.signal(signal.SIGALRM, before)
    assert lines > line  # the second one has come
    assert stop.wait(0)
    assert stop.wait(0)
