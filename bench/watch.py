"""What every process that a benchmark started takes: memory and processor time (Linux: /proc)."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.commands import peak_mib

LOOK_SECONDS: Final = 0.5
_TICKS: Final = os.sysconf("SC_CLK_TCK")

ROLES: Final = {
    "kafka.Kafka": "broker",
    "bench.fill": "filler",
    "creneau.cli.worker": "worker",
    "creneau.executor_process": "executor",
    "worker": "worker pool",
    "revoke": "replay command",
    "preview": "preview",
    "verify": "verify",
    "creneau.verify_process": "verify",
    "slot-app": "slot app",
}
"""What a process is, by the first of these among its arguments."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the processes of one kind took in a phase. ``mib``: the most that one of them has ever
    held; ``cores``: processor seconds per second, of all of them together."""

    processes: int
    mib: float
    cores: float


@dataclass(slots=True)
class _Seen:
    role: str
    mib: float = 0.0
    cpu: float = 0.0


@dataclass(slots=True)
class Phase:
    """``seconds`` and ``usage`` (by kind of process) are filled in when it ends."""

    seconds: float = 0.0
    usage: dict[str, Usage] = field(default_factory=dict)


class Watch:
    """Looks at all descendants of this process, and at itself, while this lasts.

    A process that ends takes the time since the last look with it: half a second at most.
    """

    def __init__(self) -> None:
        self._seen: dict[int, _Seen] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    @contextmanager
    def phase(self) -> Iterator[Phase]:
        """What is taken while this lasts."""
        phase, began, before = Phase(), time.monotonic(), self._look()
        yield phase
        phase.seconds = time.monotonic() - began
        phase.usage = usage_between(before, self._look(), phase.seconds)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            self._look()

    def _look(self) -> dict[int, tuple[str, float, float]]:
        """Role, MiB and processor seconds by process id, those that have ended included."""
        with self._lock:
            for pid in family(os.getpid()):
                spent, arguments = _cpu_seconds(pid), _arguments(pid)
                if spent is None or not arguments:
                    continue
                one = self._seen.setdefault(pid, _Seen(""))
                # Asked each time: a process becomes another program after its fork.
                one.role = "bench" if pid == os.getpid() else role_of(arguments)
                one.cpu, one.mib = spent, max(one.mib, peak_mib(pid))
            return {pid: (one.role, one.mib, one.cpu) for pid, one in self._seen.items()}


def usage_between(
    before: Mapping[int, tuple[str, float, float]],
    after: Mapping[int, tuple[str, float, float]],
    seconds: float,
) -> dict[str, Usage]:
    """By kind, of the processes that took any time between two looks. Pure."""
    found: dict[str, list[tuple[float, float]]] = {}
    for pid, (role, mib, cpu) in after.items():
        spent = cpu - (before[pid][2] if pid in before else 0.0)
        if spent > 0:
            found.setdefault(role, []).append((mib, spent))
    return {
        role: Usage(len(own), max(mib for mib, _ in own), sum(spent for _, spent in own) / seconds)
        for role, own in found.items()
    }


def role_of(arguments: list[str]) -> str:
    """What a process is, by its command line. Pure."""
    program, *others = arguments
    if "kafka.Kafka" in others and not program.endswith("java"):
        return "other"  # what watches over the broker
    return next((role for sign, role in ROLES.items() if sign in others), "other")


def family(pid: int) -> Iterator[int]:
    """A process and all its descendants."""
    yield pid
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):  # of each thread
        try:
            children = listed.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from family(int(child))


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace").split("\0")[:-1]
    except OSError:
        return []


def _cpu_seconds(pid: int) -> float | None:
    """User and system time (fields 14 and 15 of proc(5)'s stat); None: it has gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def said_every(seconds: float, line: Callable[[], str]) -> Iterator[None]:
    """Print a line every so many seconds while this lasts; one that cannot be had is left out."""
    stopping = threading.Event()
    began = time.monotonic()

    def run() -> None:
        while not stopping.wait(seconds):
            try:
                print(f"  {time.monotonic() - began:6.0f} s  {line()}", flush=True)
            except Exception as error:  # progress is not what is measured
                print(
                    f"  {time.monotonic() - began:6.0f} s  (no progress to tell: {error})",
                    flush=True,
                )

    thread = threading.Thread(target=run, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
