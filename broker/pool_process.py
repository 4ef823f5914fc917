"""What a process of a pool owes its pool: to end with it, to report to it, to say how it ended."""

import os
import sys
import threading
from collections.abc import Callable

from broker.session import SessionLost
from producer_contract.errors import CreneauError

EXIT_TRY_AGAIN = 75
"""sysexits' EX_TEMPFAIL: a new process may find it mended. What else is not 0 ends the pool."""


def exit_code_of(
    work: Callable[[], None], somebody_must_act: tuple[type[CreneauError], ...]
) -> int:
    """Do a process' work, and say in one line and by the exit code how it ended.

    ``somebody_must_act``: errors that a new process would meet again; they end the pool.
    """
    try:
        work()
    except CreneauError as error:
        print(f"creneau: {error}", file=sys.stderr, flush=True)
        return error.exit_code if isinstance(error, somebody_must_act) else EXIT_TRY_AGAIN
    except SessionLost as lost:
        print(f"creneau: {lost}", file=sys.stderr, flush=True)
        return EXIT_TRY_AGAIN
    return 0


def when_the_pool_ends(stop: Callable[[], None]) -> None:
    """Call ``stop``, in a thread of its own, once the pool has died.

    Standard input is a pipe that the pool holds open: its end is the pool's.
    """

    def wait() -> None:
        # Not sys.stdin: its lock, held by a thread at the interpreter's end, is a fatal error.
        while os.read(0, 4_096):
            pass
        stop()

    threading.Thread(target=wait, name="pool-watch", daemon=True).start()


def report_to_the_pool(line: bytes) -> None:
    """Write one report, a line with its end, where the pool reads it."""
    try:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    except OSError:
        # The pool is gone; the end of standard input tells us so, too, and is acted on.
        return
