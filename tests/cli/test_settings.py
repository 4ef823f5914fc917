"""Where settings come from, and what is said about those that cannot be meant."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from creneau.sandbox.processes import birth
from creneau.settings import DEFAULT_BOOTSTRAP, Settings, load_settings
from creneau.variables import UnknownVariableError, refuse_unknown
from producer_contract.errors import BadUseError


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of the test's own, without this machine's settings."""
    for name in [name for name in os.environ if name.startswith("CRENEAU_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("CRENEAU_PREFX", "CRENEAU_PREFIX"),
        ("CRENEAU_BOOTSTRAP_SERVER", "CRENEAU_BOOTSTRAP_SERVERS"),
        ("CRENEAU_WORKER_BATCH_MAX_EVENTS", "CRENEAU_WORKER__BATCH_MAX_EVENTS"),
        ("creneau_vars", "CRENEAU_VAR"),
        ("CRENEAU_ENTIRELY_ELSE", "CRENEAU_STORE"),
    ],
)
def test_a_variable_that_nobody_reads_is_refused_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, variable: str, meant: str
) -> None:
    monkeypatch.setenv(variable, "1")
    with pytest.raises(UnknownVariableError, match=f"{variable} .*{meant}") as refused:
        load_settings()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "variable",
    [
        "CRENEAU_PREFIX",
        "CRENEAU_KAFKA__SECURITY.PROTOCOL",
        "CRENEAU_WORKER__BATCH_MAX_EVENTS",
        "CRENEAU_KAFKA_JARS",
        # Kubernetes, in a namespace with services creneau and creneau-worker:
        "CRENEAU_SERVICE_HOST",
        "CRENEAU_PORT",
        "CRENEAU_PORT_9400_TCP_ADDR",
        "CRENEAU_WORKER_SERVICE_PORT_METRICS",
        "CRENEAU_WORKER_PORT_9400_TCP",
    ],
)
def test_variables_of_ours_and_of_kubernetes_pass(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "1")
    load_settings()


def test_every_variable_that_the_repository_reads_passes() -> None:
    repository = Path(__file__).parents[2]
    read = re.compile(r"(?:environ(?:\.get\(|\[)|Final = )\"(CRENEAU_\w+)|\$\{(CRENEAU_\w+)")
    files = [*repository.glob("docker-compose*.yml"), *repository.glob("*/**/*.py")]
    # .venv, and what make bench puts into .bench, are others' code.
    others = {repository / ".venv", repository / ".bench"}
    texts = [one.read_text("utf-8") for one in files if others.isdisjoint(one.parents)]
    found = {name for text in texts for pair in read.findall(text) for name in pair if name}
    assert {"CRENEAU_KAFKA_JARS", "CRENEAU_RATE"} <= found
    refuse_unknown(dict.fromkeys(found, "1"), Settings.model_fields)


def test_a_folder_in_place_of_the_file_is_said(folder: Path) -> None:
    (folder / "creneau.toml").mkdir()
    with pytest.raises(BadUseError, match=r"creneau\.toml is a folder"):
        load_settings()


def sandbox(folder: Path, pid: int, born: str) -> None:
    file = folder / "var/sandbox/sandbox.json"
    file.parent.mkdir(parents=True)
    broker = {"node_id": 1, "port": 1234, "pid": pid, "born": born}
    state = {"bootstrap_servers": "127.0.0.1:1234", "brokers": [broker], "started_at": "then"}
    file.write_text(json.dumps(state))


def test_a_sandbox_that_runs_is_the_cluster(folder: Path) -> None:
    sandbox(folder, os.getpid(), birth(os.getpid()) or "")
    assert load_settings().kafka_settings().bootstrap_servers == "127.0.0.1:1234"


def test_a_sandbox_that_a_reboot_ended_is_not(folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        sandbox(folder, stranger.pid, "another boot 1")
        assert load_settings().kafka_settings().bootstrap_servers == DEFAULT_BOOTSTRAP
        stranger.kill()
