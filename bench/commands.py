"""Commands as processes of their own, and the most memory that each of them ever held."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from broker.settings import KafkaSettings

CRENEAU = (sys.executable, "-c", "from creneau.cli.main import main; main()")
STOP_SECONDS = 30.0
LOOK_SECONDS = 0.1


def settings_of(kafka: KafkaSettings, folder: Path) -> dict[str, str]:
    """The environment that gives a command this cluster, and ``folder`` for its state."""
    return {
        "CRENEAU_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "CRENEAU_PREFIX": kafka.prefix,
        "CRENEAU_VAR": str(folder),
    }


@contextmanager
def process(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process while this lasts; what it says goes to ``log``."""
    with log.open("ab") as output:
        running = subprocess.Popen(
            command, env=os.environ | dict(environment), stdout=output, stderr=output
        )
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


@dataclass(slots=True)
class Finished:
    """A command that has ended well. Memory in MiB: its own, and its children's at most."""

    said: str
    seconds: float
    own_mib: float = 0.0
    child_mib: float = 0.0
    log: Path = field(default_factory=Path)


def run(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Finished:
    """Run a command to its end and look at its memory meanwhile (``/proc``: Linux only).

    Raises:
        RuntimeError: it ended with an error; names the log and its last line.
    """
    began = time.monotonic()
    peaks: dict[int, float] = {}
    said = log.with_suffix(".out")
    with log.open("wb") as errors, said.open("wb") as output:
        running = subprocess.Popen(
            command, env=os.environ | dict(environment), stdout=output, stderr=errors
        )
        while running.poll() is None:
            for pid in (running.pid, *children_of(running.pid)):
                peaks[pid] = max(peaks.get(pid, 0.0), peak_mib(pid))
            time.sleep(LOOK_SECONDS)
    if running.returncode:
        last = (log.read_text("utf-8", "replace").strip().splitlines() or ["(it said nothing)"])[-1]
        raise RuntimeError(f"{' '.join(command[3:6])} ended with {running.returncode}: {last}")
    own = peaks.pop(running.pid, 0.0)
    return Finished(
        said.read_text("utf-8"),
        time.monotonic() - began,
        own,
        max(peaks.values(), default=0.0),
        log,
    )


def children_of(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    try:
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except OSError:
        return []


def peak_mib(pid: int) -> float:
    """The most memory that the process ever held (VmHWM), in MiB; 0: it has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1_024 for line in lines if line.startswith("VmHWM")), 0.0)
