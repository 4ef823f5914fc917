"""``creneau model`` as a person uses it: what is printed, and the exit codes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from broker.settings import KafkaSettings
from creneau.cli.main import main
from tests.models import tiny_artifact


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Creneau = Callable[..., Done]


@pytest.fixture
def creneau(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Creneau:
    """Run ``creneau model …`` in a folder of the test's own, through the console script's way in:
    without a process each, which would import scikit-learn again every time."""
    monkeypatch.chdir(tmp_path)

    def run(kafka: KafkaSettings, *arguments: str) -> Done:
        monkeypatch.setenv("CRENEAU_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
        monkeypatch.setenv("CRENEAU_PREFIX", kafka.prefix)
        monkeypatch.setattr("sys.argv", ["creneau", "model", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return run


def refused(done: Done, code: int) -> str:
    """The one line that a refusal prints."""
    assert done.code == code, done.err
    (line,) = done.err.splitlines()
    assert line.startswith("creneau: ")
    return line


@pytest.mark.kafka
def test_from_lessons_to_a_model_in_force(
    topics: KafkaSettings, creneau: Creneau, market: Path, tmp_path: Path
) -> None:
    def model(*arguments: str) -> str:
        done = creneau(topics, *arguments)
        assert done.code == 0, done.err
        return done.out

    assert "no model is registered" in model("list")
    trained = json.loads(model("train", "--data", str(market), "--json"))
    assert trained["path"] == "var/training/model.zip"
    registered = model("register", trained["path"], "--version", "good")
    assert "next: creneau model promote good" in registered
    assert "in force from epoch" in model("promote", "good", "--reason", "better")
    model("register", str(tiny_artifact(tmp_path, flipped=True)), "--version", "bad")
    listed = json.loads(model("list", "--json"))
    assert {row["version"]: row["state"] for row in listed} == {
        "good": "in force",
        "bad": "registered",
    }
    assert "in force" in model("list")
    shown = model("show", "good")
    assert trained["digest"] in shown
    assert f"{trained['report']['model']['auc']:.4f}" in shown
    compared = json.loads(model("compare", "good", "bad", "--data", str(market), "--json"))
    assert compared["lessons"] == 6_000
    assert compared["first"]["auc"] > compared["second"]["auc"]
    assert compared["crossed_half"] > 0
    assert "mean shift" in model("compare", "good", "bad", "--data", str(market))


@pytest.mark.kafka
def test_refusals_are_one_line_and_an_exit_code(
    topics: KafkaSettings, creneau: Creneau, tmp_path: Path
) -> None:
    assert "no model 'v9'" in refused(creneau(topics, "promote", "v9"), 3)
    assert "no model 'v9'" in refused(creneau(topics, "show", "v9"), 3)
    assert "gone.zip" in refused(creneau(topics, "register", "gone.zip"), 2)
    (tmp_path / "junk.zip").write_text("junk")
    assert "not an artifact" in refused(creneau(topics, "register", "junk.zip"), 3)


def test_lessons_that_are_not_there_are_bad_use(creneau: Creneau) -> None:
    done = creneau(KafkaSettings("127.0.0.1:1"), "train", "--data", "gone")
    assert "lessons.csv" in refused(done, 2)


def test_without_a_broker_one_line_says_so(creneau: Creneau) -> None:
    line = refused(creneau(KafkaSettings("127.0.0.1:1"), "list"), 3)
    assert "no answer from Kafka" in line
