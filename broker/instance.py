"""The number of a process on this machine: the first free lock file under ``var/``."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from producer_contract.errors import UnavailableError

MOST = 1_000
"""Processes of one kind on one machine; more of them are a mistake."""


class NoFreeInstanceError(UnavailableError):
    """Every lock file is held, or none can be made."""


@contextmanager
def first_free_index(var: Path, kind: str) -> Iterator[int]:
    """Hold the first free index for as long as this lasts (or the process lives).

    ``kind`` names the lock files: ``worker-0.lock`` and so on.

    Raises:
        NoFreeInstanceError: the folder cannot be written, or there are too many processes.
    """
    try:
        index, lock = _first_free(var, kind)
    except OSError as error:
        raise NoFreeInstanceError(
            f"no lock file can be made under {var}: {error.strerror}; set CRENEAU_VAR to a folder "
            "that can be written"
        ) from error
    try:
        yield index
    finally:
        os.close(lock)


def _first_free(var: Path, kind: str) -> tuple[int, int]:
    """The index and its locked file; raises ``OSError``."""
    var.mkdir(parents=True, exist_ok=True)
    for index in range(MOST):
        lock = os.open(var / f"{kind}-{index}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        return index, lock
    raise NoFreeInstanceError(f"{MOST} {kind} processes run from {var} already; stop some of them")
