"""``docker-compose.yml`` as a user runs it, under a project name and a port of its own."""

import json
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]


def compose_command() -> list[str]:
    """The compose plugin where the Docker client has it, else docker-compose."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if plugin.returncode == 0:
        return ["docker", "compose"]
    standalone = shutil.which("docker-compose")
    assert standalone, "neither `docker compose` nor docker-compose is there: install one"
    return [standalone]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(true: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Look every half second until ``true()``; fail naming ``what`` once ``seconds`` are over."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"after {seconds} s, still not: {what}"
        time.sleep(0.5)


class Stack:
    """One project of the compose file, on images that are there already."""

    def __init__(self) -> None:
        self.project = f"creneau-test-{uuid.uuid4().hex[:8]}"
        self.port = free_port()
        self._command = [*compose_command(), "--project-name", self.project]

    @property
    def bootstrap_servers(self) -> str:
        """Kafka from outside, through the published port."""
        return f"localhost:{self.port}"

    def compose(self, *arguments: str, check: bool = True) -> str:
        """Run a compose command; give what it printed.

        Raises:
            AssertionError: it failed; names the command and what it said.
        """
        done = subprocess.run(
            [*self._command, *arguments],
            cwd=REPOSITORY,
            env=os.environ | {"CRENEAU_KAFKA_PORT": str(self.port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        failed = check and done.returncode != 0
        assert not failed, f"compose {' '.join(arguments)}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def containers(self, service: str) -> list[dict[str, Any]]:
        """The containers of a service, stopped ones too, as ``docker inspect`` shows them."""
        labels = (f"project={self.project}", f"service={service}")
        filters = [f"--filter=label=com.docker.compose.{label}" for label in labels]
        ids = _docker("ps", "--all", "--quiet", *filters).split()
        shown: list[dict[str, Any]] = json.loads(_docker("inspect", *ids)) if ids else []
        return shown

    def health(self, service: str) -> list[str]:
        """The health of each container of a service."""
        return [each["State"]["Health"]["Status"] for each in self.containers(service)]

    def exit_codes(self, service: str) -> list[int | None]:
        """The exit code of each container of a service; None: it runs."""
        states = [each["State"] for each in self.containers(service)]
        return [None if state["Running"] else state["ExitCode"] for state in states]

    def left_behind(self) -> Sequence[str]:
        """Ids of containers, volumes and networks of this project."""
        label = f"--filter=label=com.docker.compose.project={self.project}"
        listings = (("ps", "--all"), ("volume", "ls"), ("network", "ls"))
        return [left for each in listings for left in _docker(*each, "--quiet", label).splitlines()]


def _docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout
