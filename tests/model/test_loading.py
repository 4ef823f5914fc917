"""Loading within a time."""

import threading
from concurrent.futures import Future

import pytest

from model import loading
from model.errors import ArtifactMissing
from model.loading import LoadTooSlowError, begin, within


def test_what_is_loaded_or_raised_comes_through() -> None:
    assert within(10, lambda: 7, "v") == 7

    def missing() -> int:
        raise ArtifactMissing("not there")

    def slow_socket() -> int:
        raise TimeoutError("the socket's own")

    with pytest.raises(ArtifactMissing):
        within(10, missing, "v")
    with pytest.raises(TimeoutError, match="the socket's own"):
        within(10, slow_socket, "v")


def test_a_load_that_hangs_ends_with_one_line_and_keeps_no_process_alive() -> None:
    hung = threading.Event()
    with pytest.raises(LoadTooSlowError, match="model 'v' has not loaded within 0 s"):
        within(0.0, hung.wait, "v")
    left = [thread for thread in threading.enumerate() if thread.name == "load v"]
    assert all(thread.daemon for thread in left)
    hung.set()


class AtTheLastMoment(Future[int]):
    """Has not come while it is waited for, and has when it is looked at."""

    def result(self, timeout: float | None = None) -> int:
        if not self.done():
            self.set_result(7)
            raise TimeoutError
        return super().result(timeout)


def test_what_comes_at_the_last_moment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "begin", lambda *_: AtTheLastMoment())
    assert within(0.0, lambda: 0, "v") == 7


def test_two_loads_do_not_wait_for_each_other() -> None:
    hung = threading.Event()
    first = begin(hung.wait, "first")
    assert begin(lambda: 2, "second").result(timeout=10) == 2
    assert not first.done()
    hung.set()
