"""A cluster that does not answer, or has no topics: one line of ours, and soon."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.main import get_command

from broker.errors import TopicMissingError
from broker.settings import KafkaSettings
from creneau import cluster
from creneau.cli.main import app
from creneau.cluster import NoClusterError, ready

NOWHERE = "127.0.0.1:1"
ARGUMENTS = {
    "model register": "FILE",
    "model promote": "v",
    "model show": "v",
    "model revoke": "v --with w --reason r",
    "model at": "3",
    "replay preview": "--with v",
    "replay start": "--with v",
    "replay verify": "FILE",
    "dead show": "0 0",
    "dead redrive": "--all",
}
# docs/errors.md tells the first five; the others need no Kafka, or something else first.
DO_NOT_ASK = {
    "archive",
    "demo",
    "replay executor",
    "sandbox slot-app",
    "worker",
    "contract check",
    "contract export",
    "model compare",
    "model train",
    "report lessons-by-department",
    "report model-quality",
    "report nth-lesson",
    "sandbox down",
    "sandbox market",
    "sandbox status",
    "sandbox up",
    "warehouse apply",
    "warehouse check",
    "warehouse load-bookings",
    "warehouse load-instructors",
    "warehouse load-lessons",
    "warehouse load-meeting-points",
}


def commands_of(group: Any, before: str = "") -> Iterator[str]:
    """Every command, with the names of its groups."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_of(command, f"{before}{name} ")
        else:
            yield before + name


ALL = list(commands_of(get_command(app)))
COMMANDS = [f"{name} {ARGUMENTS.get(name, '')}" for name in ALL if name not in DO_NOT_ASK]


def test_every_exception_is_a_command() -> None:
    assert DO_NOT_ASK | ARGUMENTS.keys() <= set(ALL)


@pytest.fixture
def in_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRENEAU_BOOTSTRAP_SERVERS", NOWHERE)
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 0.1)


@pytest.mark.usefixtures("in_a_folder_of_its_own")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_soon_that_nobody_answers(command: str) -> None:
    began = time.monotonic()
    with pytest.raises(NoClusterError, match=f"no answer from Kafka at {NOWHERE}"):
        app(command.split(), standalone_mode=False)
    # What is patient (15 s for one question) has not been asked.
    assert time.monotonic() - began < 10


def topics(monkeypatch: pytest.MonkeyPatch, *there: str) -> None:
    answer: Any = SimpleNamespace(topics=dict.fromkeys(there))
    admin = SimpleNamespace(list_topics=lambda timeout: answer)
    monkeypatch.setattr(cluster, "new_admin", lambda _: admin)


def test_missing_topics_are_named_with_what_makes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = KafkaSettings("somewhere:1", prefix="p-")
    topics(monkeypatch, "p-slot-created", "p-slot-probability", "slot-created.dead")
    with pytest.raises(TopicMissingError) as missing:
        ready(kafka)
    assert str(missing.value) == (
        "topics are missing on somewhere:1 (p-slot-created.dead, p-model-ledger, p-scoring-runs, "
        "p-replay-tasks): creneau topics apply"
    )
    assert ready(kafka, topics=["p-slot-created"]) is kafka
