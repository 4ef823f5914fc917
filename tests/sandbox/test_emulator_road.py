"""Which road leads to an emulator, and the container's: against a ``docker`` of our own making,
which runs no container but a server that answers as the emulator would."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from creneau.sandbox import emulator_environment
from creneau.sandbox.emulator import Emulator, answers
from creneau.sandbox.emulator_environment import EmulatorNotInstalledError, NoInterpreterError
from creneau.sandbox.emulator_image import IMAGE
from creneau.sandbox.emulator_road import Road, ahead, choose, road, server
from tests.sandbox.test_emulator import LEFT_ALONE, wait_until

DOCKER = """#!{python}
import http.server, os, pathlib, signal, sys
state, words = pathlib.Path({state!r}), sys.argv[1:]
with (state / "asked").open("a") as asked:
    print(*words, file=asked)

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/bigquery/v2/projects" else 404)
        self.end_headers()

match words[0]:
    case "image":
        sys.exit(not (state / "image").exists())
    case "pull" if (state / "offline").exists():
        sys.exit("dial tcp: lookup ghcr.io: no such host")
    case "pull":
        (state / "image").touch()
    case "run":
        (state / "container").write_text(str(os.getpid()))
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        port = words[words.index("--publish") + 1].split(":")[1]
        http.server.HTTPServer(("127.0.0.1", int(port)), Answer).serve_forever()
    case "rm":
        os.kill(int((state / "container").read_text()), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    ("made", "interpreter", "named", "docker", "chosen"),
    [
        (True, False, False, True, Road.ENVIRONMENT),
        (False, True, False, True, Road.ENVIRONMENT),
        (False, True, True, False, Road.ENVIRONMENT),
        (False, False, False, True, Road.CONTAINER),
        (False, False, True, True, None),
        (False, False, False, False, None),
    ],
)
def test_a_python_of_its_own_comes_before_docker_and_a_named_one_before_all(
    made: bool, interpreter: bool, named: bool, docker: bool, chosen: Road | None
) -> None:
    assert choose(made=made, interpreter=interpreter, named=named, docker=docker) is chosen


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a Python for the emulator, and with our docker; the docker's folder."""
    state = tmp_path / "docker"
    state.mkdir()
    command = state / "docker"
    command.write_text(DOCKER.format(python=sys.executable, state=str(state)))
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{state}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CRENEAU_EMULATOR", str(tmp_path / "environment"))
    monkeypatch.delenv("CRENEAU_EMULATOR_PYTHON", raising=False)
    monkeypatch.setattr(emulator_environment, "_candidates", lambda: iter(()))
    return state


def test_the_container_serves_and_goes_with_the_emulator(docker: Path, tmp_path: Path) -> None:
    assert road() is Road.CONTAINER
    assert ahead() == f"no Python from 3.13 to 3.15 here: Docker downloads {IMAGE} once"
    with Emulator(tmp_path / "emulator") as emulator:
        assert answers(emulator.endpoint)
        assert ahead() is None
    assert not answers(emulator.endpoint)
    asked = (docker / "asked").read_text().splitlines()
    assert [line for line in asked if line.startswith("pull")] == [f"pull --quiet {IMAGE}"]
    (run,) = [line for line in asked if line.startswith("run")]
    assert run.endswith(f"--publish 127.0.0.1:{emulator.port}:9050 {IMAGE}")
    name = run.split("--name ")[1].split()[0]
    assert asked[-1] == f"rm --force {name}"


def test_the_container_goes_with_a_demo_that_is_killed(docker: Path, tmp_path: Path) -> None:
    (docker / "image").touch()
    alone = LEFT_ALONE.replace(
        "emulator = ",
        "from creneau.sandbox import emulator_environment\n"
        "emulator_environment._candidates = lambda: iter(())\nemulator = ",
    )
    command = [sys.executable, "-c", alone, str(tmp_path / "emulator")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        endpoint = starter.stdout.readline().strip()
        assert answers(endpoint)
        starter.send_signal(signal.SIGKILL)
    wait_until(lambda: not answers(endpoint))


def test_an_image_that_cannot_be_downloaded_is_one_line(docker: Path) -> None:
    (docker / "offline").touch()
    with pytest.raises(EmulatorNotInstalledError, match=r"cannot be downloaded: dial tcp.*; mend"):
        server()


def test_a_named_python_that_does_not_run_is_said_with_docker_too(
    docker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRENEAU_EMULATOR_PYTHON", "/absent")
    with pytest.raises(NoInterpreterError, match="/absent is not a Python"):
        road()
    assert not (docker / "asked").exists()
