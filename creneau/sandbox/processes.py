"""Which process an id stands for: ids are used again, after a reboot above all."""

import os
import signal
import subprocess
import time
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def birth(pid: int) -> str | None:
    """When the process with this id was born; None when there is none (a zombie is none).

    Two births are equal only for the same process. On Linux: the boot and the tick; elsewhere what
    ``ps`` says.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        return None if fields[0] in "ZX" else f"{_BOOT.read_text('ascii').strip()} {fields[19]}"
    except OSError:
        return None if _BOOT.exists() else _birth_by_ps(pid)


def _birth_by_ps(pid: int) -> str | None:
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return said or None


def ask_to_stop(pid: int, born: str) -> bool:
    """SIGTERM to the process, if it is still the one that was born then; False: it has gone."""
    return _signal(pid, born, signal.SIGCONT) and _signal(pid, born, signal.SIGTERM)


def wait_until_gone(pid: int, born: str, timeout: float) -> None:
    """Wait up to ``timeout`` seconds, then SIGKILL, and wait until that has worked."""
    deadline = time.monotonic() + timeout
    while birth(pid) == born:
        if time.monotonic() > deadline:
            _signal(pid, born, signal.SIGKILL)
        time.sleep(0.05)


def _signal(pid: int, born: str, number: signal.Signals) -> bool:
    if birth(pid) != born:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
