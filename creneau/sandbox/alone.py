"""One command at a time in a folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from producer_contract.errors import BadUseError
from producer_contract.testing.errors import FolderUnusableError


class BusyError(BadUseError):
    """Another command is at work in the same folder."""


@contextmanager
def alone(lock: Path, busy: str) -> Iterator[None]:
    """Hold the file ``lock`` for as long as this lasts (or the process lives).

    Raises:
        BusyError: another process holds it; ``busy`` says what that means.
        FolderUnusableError: the file cannot be made.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("w")
    except OSError as error:
        raise unusable(lock.parent, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(busy) from error
        yield


def unusable(folder: Path, error: OSError) -> FolderUnusableError:
    """What to say when ``folder``, or something in it, cannot be used."""
    return FolderUnusableError(
        f"{error.filename or folder} cannot be used ({error.strerror or error}): set CRENEAU_VAR "
        "to a folder that can be written to"
    )
