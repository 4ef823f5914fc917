"""A cluster that does not answer, or has no topics: one line of ours, and soon."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from broker.errors import TopicMissingError
from broker.settings import KafkaSettings
from creneau import cluster
from creneau.cli.main import app
from creneau.cluster import NoClusterError, ready

NOWHERE = "127.0.0.1:1"
COMMANDS = [
    "status",
    "model register FILE",
    "model promote v",
    "model list",
    "model show v",
    "model revoke v --with w --reason r",
    "model log",
    "model at 3",
    "replay preview --with v",
    "replay start --with v",
    "replay pause",
    "replay resume",
    "replay cancel",
    "replay status",
    "replay list",
    "replay certificate",
    "dead list",
    "dead show 0 0",
    "dead redrive --all",
    "topics check",
    "topics apply",
]


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
