"""An executor's number on this machine: the first free lock file under ``var/``."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from producer_contract.errors import UnavailableError

MOST = 1_000


class NoFreeInstanceError(UnavailableError):
    """Every lock file is held, or none can be made."""


@contextmanager
def first_free_index(var: Path) -> Iterator[str]:
    """Hold the first free index for as long as this lasts (or the process lives).

    Raises:
        NoFreeInstanceError: the folder cannot be written, or there are too many executors.
    """
    lock = -1
    try:
        var.mkdir(parents=True, exist_ok=True)
        for index in range(MOST):
            lock = os.open(var / f"executor-{index}.lock", os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                os.close(lock)
        else:
            raise NoFreeInstanceError(f"{MOST} executors run from {var} already; stop some")
    except OSError as error:
        raise NoFreeInstanceError(
            f"no lock file can be made under {var}: {error.strerror}; set CRENEAU_VAR to a folder "
            "that can be written"
        ) from error
    try:
        yield str(index)
    finally:
        os.close(lock)
