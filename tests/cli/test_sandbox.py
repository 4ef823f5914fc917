"""``creneau sandbox up --warehouse`` beside a Kafka that is up; neither is started here."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from creneau.cli.main import app
from creneau.sandbox import emulator_state
from creneau.sandbox.emulator_environment import EmulatorNotInstalledError
from creneau.sandbox.emulator_state import RunningEmulator
from creneau.sandbox.processes import birth
from producer_contract.errors import BadUseError

EMULATOR = RunningEmulator("http://127.0.0.1:9050", 1, "")
Up = Callable[..., None]


@pytest.fixture
def up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Up:
    """``creneau sandbox up --warehouse …``, a broker on port 9092 being up."""
    monkeypatch.chdir(tmp_path)
    broker = {"node_id": 1, "port": 9092, "pid": os.getpid(), "born": birth(os.getpid())}
    running = {"bootstrap_servers": "127.0.0.1:9092", "brokers": [broker], "started_at": "today"}
    file = tmp_path / "var/sandbox/sandbox.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(running))
    monkeypatch.setattr(emulator_state, "up", lambda _: EMULATOR)
    return lambda *more: app(["sandbox", "up", "--warehouse", *more], standalone_mode=False)


@pytest.mark.parametrize("options", ["--brokers 3", "--port 9093", "--brokers 1 --port 19092"])
def test_what_contradicts_the_kafka_that_is_up_is_refused(up: Up, options: str) -> None:
    with pytest.raises(BadUseError, match="up with 1 broker, the first on port 9092"):
        up(*options.split())


def test_the_kafka_that_is_up_is_taken_and_both_are_said(
    up: Up, capsys: pytest.CaptureFixture[str]
) -> None:
    up("--brokers", "1", "--port", "9092")
    assert [line for line in capsys.readouterr().out.splitlines() if " is up at " in line] == [
        "Kafka is up at 127.0.0.1:9092; data and logs in var/sandbox/kafka",
        "BigQuery's emulator is up at http://127.0.0.1:9050; tables and log in "
        "var/sandbox/warehouse",
    ]
    up("--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["bootstrap_servers"], said["warehouse"]) == ("127.0.0.1:9092", EMULATOR.endpoint)


def test_where_the_emulator_does_not_start_it_says_that_kafka_is_up(
    up: Up, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_: Path) -> RunningEmulator:
        raise EmulatorNotInstalledError("no emulator")

    monkeypatch.setattr(emulator_state, "up", fails)
    with pytest.raises(EmulatorNotInstalledError):
        up("--json")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Kafka is up at 127.0.0.1:9092")
