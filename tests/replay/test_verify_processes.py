"""A process of ``verify`` that cannot go on, or dies, is said in one line."""

import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from bench.watch import family
from creneau.verifying import VerifyingEndedError, verify_with

CERTIFICATE = {
    "replay_id": "00000000-0000-4000-8000-000000000000",
    "epoch": 3,
    "from_models": [{"version": "bad"}],
    "affected": [[0, 0, 10], [1, 0, 10]],
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no settings lie."""
    monkeypatch.chdir(tmp_path)


def _is_looking(pid: int) -> bool:
    try:
        return "creneau.verify_process" in Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return False


def test_what_keeps_one_from_going_on_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRENEAU_BOOTSTRAP_SERVERS", "localhost:1")
    with pytest.raises(VerifyingEndedError, match="localhost:1"):
        verify_with(2, CERTIFICATE, lambda found: None)


def test_one_that_is_killed_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    killed = threading.Event()

    def kill_one() -> None:
        while not killed.is_set():
            for pid in family(os.getpid()):
                if _is_looking(pid):
                    os.kill(pid, signal.SIGKILL)
                    killed.set()
                    return
            time.sleep(0.01)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("CRENEAU_BOOTSTRAP_SERVERS", f"localhost:{silent.getsockname()[1]}")
        killer = threading.Thread(target=kill_one)
        killer.start()
        try:
            with pytest.raises(VerifyingEndedError, match="SIGKILL"):
                verify_with(2, CERTIFICATE, lambda found: None)
        finally:
            killed.set()
            killer.join()
    assert not [pid for pid in family(os.getpid()) if _is_looking(pid)]
