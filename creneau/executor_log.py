"""The log of what a starting command runs in the background, in a file: an operator's terminal is
for what the operator has to know."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from creneau.structured_log import configure_log
from producer_contract.errors import BadUseError

KEPT: Final = 20
"""Logs of so many commands are kept; older ones go when another command begins its own."""

OURS = "creneau: "
"""How the one line of an error of ours begins."""


class CannotLogError(BadUseError):
    """The file for the log cannot be written."""


def log_path(var: Path) -> Path:
    """Where this command's log is kept."""
    return var / "log" / f"replay-{os.getpid()}.log"


def keep_log(var: Path) -> Path:
    """Begin this command's log, empty, and let its own log go there too.

    Raises:
        CannotLogError: it cannot be written.
    """
    path = log_path(var)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", "utf-8")
        _drop_old(path.parent)
        # Appending, as the executors do: nobody writes over anybody.
        configure_log(stream=path.open("a", encoding="utf-8", buffering=1))
    except OSError as error:
        raise CannotLogError(
            f"the executors' log {path} cannot be written: {error.strerror}; "
            "set CRENEAU_VAR to a folder that can be written"
        ) from error
    return path


def drop_if_empty(path: Path) -> None:
    """A command that had nothing to log leaves nothing behind."""
    with suppress(OSError):
        if path.stat().st_size == 0:
            path.unlink()


def _drop_old(folder: Path) -> None:
    logs = sorted(folder.glob("replay-*.log"), key=_written_at)
    for old in logs[:-KEPT]:
        old.unlink(missing_ok=True)


def _written_at(path: Path) -> float:
    # Another command may just have dropped it.
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def write_here(path: Path) -> None:
    """Append all that this process writes on standard error to ``path``, crashes included."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(file, sys.stderr.fileno())
    os.close(file)


def last_error(path: Path) -> str | None:
    """The last error of ours in the log, without our name."""
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return None
    found = [line.removeprefix(OURS) for line in lines if line.startswith(OURS)]
    return found[-1] if found else None
