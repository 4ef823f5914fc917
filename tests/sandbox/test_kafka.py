"""``creneau sandbox up | down | status`` and ``creneau topics``, as a person uses them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from creneau.sandbox import kafka as kafka_of_sandbox
from creneau.sandbox.processes import ask_to_stop, birth, wait_until_gone
from producer_contract.testing import jars
from producer_contract.testing.embedded import EmbeddedKafka
from producer_contract.testing.errors import FolderUnusableError
from producer_contract.testing.ports import is_listening
from tests.conftest import RunningKafka

Creneau = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def creneau(tmp_path: Path) -> Creneau:
    """Run ``creneau`` in a folder of this test's own, without this machine's settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CRENEAU_")}

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("creneau")), *arguments]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=clean | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def sandbox(creneau: Creneau) -> Iterator[Creneau]:
    """``creneau``, with the sandbox up; down at the end."""
    done = creneau("sandbox", "up")
    assert done.returncode == 0, done.stderr
    yield creneau
    creneau("sandbox", "down")


def one_line(done: subprocess.CompletedProcess[str], code: int, *said: str) -> None:
    """It ended with ``code`` and one line on the standard error that says all of ``said``."""
    assert done.returncode == code, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert all(word in done.stderr for word in said), done.stderr


@pytest.mark.kafka
def test_the_sandbox_goes_up_serves_topics_and_goes_down(sandbox: Creneau, tmp_path: Path) -> None:
    written = json.loads((tmp_path / "var/sandbox/sandbox.json").read_text("utf-8"))
    (broker,) = written["brokers"]

    one_line(sandbox("sandbox", "up"), 2, "already up", written["bootstrap_servers"])
    assert sandbox("topics", "check").returncode == 1
    assert sandbox("topics", "apply").returncode == 0
    assert sandbox("topics", "check").returncode == 0
    assert json.loads(sandbox("topics", "check", "--json").stdout) == []
    assert sandbox("sandbox", "status").returncode == 0

    assert sandbox("sandbox", "down").returncode == 0
    assert birth(broker["pid"]) is None
    assert not is_listening(broker["port"])
    assert sandbox("sandbox", "status").returncode == 1


@pytest.mark.kafka
def test_a_file_left_by_a_reboot_neither_kills_a_stranger_nor_keeps_us_down(
    creneau: Creneau, tmp_path: Path
) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        file = tmp_path / "var/sandbox/sandbox.json"
        file.parent.mkdir(parents=True)
        broker = {"node_id": 1, "port": 9, "pid": stranger.pid, "born": "another boot 1"}
        state = {"bootstrap_servers": "127.0.0.1:9", "brokers": [broker], "started_at": "then"}
        file.write_text(json.dumps(state))

        assert "not up" in creneau("sandbox", "status").stdout
        assert creneau("sandbox", "down").returncode == 0
        assert stranger.poll() is None
        file.write_text(json.dumps(state))
        assert creneau("sandbox", "up").returncode == 0
        assert creneau("sandbox", "down").returncode == 0
        stranger.kill()


@pytest.mark.kafka
def test_a_port_in_use_is_one_line(creneau: Creneau, kafka: RunningKafka) -> None:
    port = kafka.bootstrap_servers.rpartition(":")[2]

    one_line(creneau("sandbox", "up", "--port", port), 2, f"port {port}", "in use")


def test_an_unreadable_state_file_is_one_line(creneau: Creneau, tmp_path: Path) -> None:
    file = tmp_path / "var/sandbox/sandbox.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")

    one_line(creneau("sandbox", "status"), 2, "sandbox.json", "delete it")


def test_an_unreachable_broker_is_one_line(creneau: Creneau) -> None:
    done = creneau("topics", "check", CRENEAU_BOOTSTRAP_SERVERS="127.0.0.1:9")

    one_line(done, 3, "127.0.0.1:9")


def test_a_process_is_told_from_a_later_one_with_its_id() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        born = birth(process.pid)
        assert born is not None
        assert not ask_to_stop(process.pid, "another boot 1")
        assert birth(process.pid) == born

        assert ask_to_stop(process.pid, born)
        wait_until_gone(process.pid, born, timeout=30)

        assert birth(process.pid) is None


def test_brokers_that_cannot_be_written_down_are_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stopped = []

    class Cluster:
        bootstrap_servers = "127.0.0.1:1"
        brokers: tuple[()] = ()

        def __init__(self, *_: object, **__: object) -> None:
            pass

        def start(self) -> "Cluster":
            return self

        def stop(self) -> None:
            stopped.append(self)

    monkeypatch.setattr(kafka_of_sandbox, "EmbeddedKafka", Cluster)
    (tmp_path / "sandbox.tmp").mkdir()
    with pytest.raises(FolderUnusableError, match="CRENEAU_VAR"):
        kafka_of_sandbox.up(tmp_path)
    assert len(stopped) == 1


def test_a_folder_that_kafka_cannot_use_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(jars, "class_path", lambda: "")
    (tmp_path / "file").touch()
    with pytest.raises(FolderUnusableError, match=str(tmp_path / "file")):
        EmbeddedKafka(tmp_path / "file" / "kafka").start()
