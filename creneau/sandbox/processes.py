"""Which process an id stands for: ids are used again, after a reboot above all."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

BEHIND = 5
"""As ``nice`` counts: a third of another's share where both want the same core, and not nothing."""
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


def give_way(pid: int) -> None:
    """Let others go before this process, which leads a session of its own, and before what it
    starts from now on.

    Where it cannot be done it is left: a priority is no more than a wish.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, BEHIND)
    # A desktop's Linux weighs sessions against each other, and processes only within one
    # (sched(7), autogroup): without this the session has as large a share as any.
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(BEHIND), "ascii")
