"""What the kernel says of processes: processor time and resident memory (``/proc``: Linux only)."""

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.commands import children_of

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cpu:
    """Processor seconds of some processes, by name, at one moment (``at``: monotonic seconds)."""

    at: float
    seconds: Mapping[str, float]


def cpu_now(pids: Mapping[str, int]) -> Cpu:
    """What each process has used since it started, all its threads; its children's not."""
    return Cpu(time.monotonic(), {name: cpu_seconds(pid) for name, pid in pids.items()})


def cores(before: Cpu, after: Cpu) -> dict[str, float]:
    """Cores that each process kept busy between two moments: 1.0 is one whole core. Pure."""
    passed = after.at - before.at
    return {
        name: (used - before.seconds[name]) / passed
        for name, used in after.seconds.items()
        if name in before.seconds
    }


def cpu_seconds(pid: int) -> float:
    """User and system time; 0.0: it has gone."""
    try:
        return seconds_in(Path(f"/proc/{pid}/stat").read_text("ascii", "replace"))
    except OSError:
        return 0.0


def seconds_in(stat: str) -> float:
    """User and system time in a line of ``/proc/PID/stat``, fields 14 and 15. Pure.

    The second field, the name in brackets, may itself hold blanks and brackets.
    """
    after_name = stat.rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICKS


def resident_mib(pid: int) -> float:
    """Memory that is resident now (VmRSS), in MiB; 0.0: it has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1_024 for line in lines if line.startswith("VmRSS")), 0.0)


def pool_members(pool: int) -> dict[str, int]:
    """A pool and its processes, by name: ``pool``, ``worker 1``, ``worker 2`` …"""
    members = {f"worker {number}": pid for number, pid in enumerate(children_of(pool), start=1)}
    return {"pool": pool} | members


def wait_for_members(pool: int, count: int, seconds: float = 30.0) -> dict[str, int]:
    """The same, once there are ``count`` processes.

    Raises:
        TimeoutError: there are fewer after ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while len(children_of(pool)) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the pool has not started {count} processes in {seconds:.0f} s")
        time.sleep(0.05)
    return pool_members(pool)


def total(shares: Mapping[str, float], names: Iterable[str]) -> float:
    """The sum over some of the names. Pure."""
    return sum(shares[name] for name in names)
