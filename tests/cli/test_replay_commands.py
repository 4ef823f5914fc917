"""What the commands of ``creneau replay`` print for programs; no Kafka is asked."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from broker.stopping import Stopping
from creneau import replays
from creneau.cli.main import app
from producer_contract.errors import BadUseError
from replay.canonical import canonical, digest

CERTIFICATE: dict[str, Any] = {"replay_id": "r", "epoch": 8}


@pytest.fixture(autouse=True)
def _signals_and_log_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    structlog.reset_defaults()


@pytest.fixture
def _certified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("creneau.cluster.ready", lambda kafka: kafka)
    monkeypatch.setattr(replays.Replays, "certificate", lambda *_: CERTIFICATE)


@pytest.mark.usefixtures("_certified")
def test_certificate_says_where_it_is_and_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    said = CliRunner().invoke(app, ["replay", "certificate", "--json", "--out", str(path)])
    assert json.loads(said.stdout) == {
        "id": "r",
        "certificate": str(path),
        "digest": digest(CERTIFICATE),
    }
    assert path.read_bytes() == canonical(CERTIFICATE)


@pytest.mark.usefixtures("_certified")
def test_certificate_to_standard_output_is_itself_the_json() -> None:
    said = CliRunner().invoke(app, ["replay", "certificate", "--json", "--out", "-"])
    assert json.loads(said.stdout) == CERTIFICATE


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_executor_says_when_it_starts_and_how_it_ended(
    monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    def run(stopped: Stopping) -> int:
        signal.raise_signal(number)
        assert stopped.is_set()
        return 0

    monkeypatch.setattr(replays.Replays, "pool", lambda *_, **__: SimpleNamespace(run=run))
    monkeypatch.setenv("CRENEAU_INSTANCE", "here")
    said = CliRunner().invoke(app, ["replay", "executor", "--processes", "2", "--json"])
    who = {"instance": "here", "processes": 2}
    assert [json.loads(line) for line in said.stdout.splitlines()] == [
        who | {"state": "started"},
        who | {"state": "ended", "code": code},
    ]


def test_resume_refuses_a_yes_that_nobody_would_be_asked_for() -> None:
    said = CliRunner().invoke(app, ["replay", "resume", "--yes"])
    assert isinstance(said.exception, BadUseError)
    assert "--executors 1" in str(said.exception)
