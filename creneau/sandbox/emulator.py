"""BigQuery on this machine: the emulator ``local-bigquery`` as a server process.

    with Emulator(folder) as emulator:
        settings = WarehouseSettings(endpoint=emulator.endpoint)

It needs a Python of its own or Docker, see ``emulator_road``. What it cannot prove about the real
BigQuery stands in docs/warehouse.md.
"""

import http.client
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from creneau.sandbox.emulator_road import Server, server
from creneau.sandbox.processes import give_way
from producer_contract.errors import BadUseError, UnavailableError
from producer_contract.testing.ports import HOST, free_ports, is_free

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 10.0
_PORT_TRIES: Final = 5


class EmulatorDidNotStartError(UnavailableError):
    """The emulator died or was not ready in time: its log says why."""


class EmulatorPortInUseError(BadUseError):
    """A port that was asked for by number is taken: choose another."""


class Emulator:
    """One emulator: a process, a port, a folder. Starts in about three seconds.

    Args:
        folder: tables go to ``data/``, the log to ``emulator.log``; a folder that had tables before
            goes on with them. Two emulators cannot share one.
        port: on the loopback interface; None: a free one.
        watched: it dies with this process, even if that is killed; False: it outlives it.
        urgent: False: everything else goes first.
    """

    def __init__(
        self, folder: Path, *, port: int | None = None, watched: bool = True, urgent: bool = True
    ) -> None:
        self.folder = folder.absolute()
        self.port = port or 0
        self._chosen = port is not None
        self._watched = watched
        self._urgent = urgent
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """What ``[warehouse] endpoint`` takes."""
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "emulator.log"

    @property
    def pid(self) -> int:
        """The server's process id.

        Raises:
            RuntimeError: it has not been started.
        """
        if self._process is None:
            raise RuntimeError("the emulator has not been started")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, timeout: float = START_SECONDS) -> Self:
        """Start the server and wait until it answers; ``timeout`` in seconds.

        The first start on a machine makes the environment, or fetches the image, before.

        Raises:
            NoInterpreterError, EmulatorNotInstalledError: see ``emulator_road``.
            EmulatorPortInUseError: the port given is taken.
            EmulatorDidNotStartError: names the log and its last line.
        """
        if self._chosen and not is_free(self.port):
            raise EmulatorPortInUseError(
                f"port {self.port} on {HOST} is in use: stop what listens there, or choose another"
            )
        how = server()
        self.folder.mkdir(parents=True, exist_ok=True)
        for tries_left in reversed(range(_PORT_TRIES)):
            self.port = self.port if self._chosen else free_ports(1)[0]
            self._spawn(how)
            try:
                self._wait_until_ready(time.monotonic() + timeout)
                return self
            except EmulatorDidNotStartError:
                self.stop()
                raced = not self._chosen and "address already in use" in self._said()
                if not raced or not tries_left:
                    raise
            except BaseException:
                self.stop()
                raise
        raise AssertionError("unreachable: the last try returns or raises")

    def stop(self) -> None:
        """SIGTERM, and SIGKILL should it stay. What was written is on the disk."""
        if self._process is None:
            return
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _spawn(self, how: Server) -> None:
        command = [
            str(how.python),
            "-I",
            str(how.script),
            str(self.port),
            str(self.folder / "data"),
        ]
        if self._watched:
            command.append(str(os.getpid()))
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C in our terminal is not for the emulator.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=os.environ | ({"HOME": str(how.home)} if how.home else {}),
                start_new_session=True,
            )
        if not self._urgent:
            give_way(self._process.pid)

    def _wait_until_ready(self, deadline: float) -> None:
        while True:
            answered = answers(self.endpoint)
            # Asked after the answer: ours may be gone, and another server have its port.
            if not self.running:
                raise EmulatorDidNotStartError(
                    f"the BigQuery emulator died at start; the log {self.log} says: {self._said()}"
                )
            if answered:
                return
            if time.monotonic() > deadline:
                raise EmulatorDidNotStartError(
                    f"the BigQuery emulator does not answer at {self.endpoint}; the log {self.log} "
                    f"says: {self._said()}"
                )
            time.sleep(0.05)

    def _said(self) -> str:
        lines = self.log.read_text("utf-8", "replace").splitlines()
        telling = [line for line in lines if "rror" in line] or lines
        return telling[-1].strip()[:300] if telling else "(empty log)"


def answers(endpoint: str) -> bool:
    """True when a BigQuery emulator answers there."""
    try:
        with urllib.request.urlopen(f"{endpoint}/bigquery/v2/projects", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):  # URLError is an OSError
        return False
