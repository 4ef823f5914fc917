"""A worker process that freezes itself at a precise point of its first batch, once.

Run by tests: ``python -m tests.heart.held_worker WHERE FILE``. Beside the points that
``tests.consumer.held_worker`` knows (``produced``, ``offsets-sent``) there is ``scored``: every
outcome of the batch is made, and its transaction has not begun.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import broker.session
import consumer.transaction
import consumer.worker
from consumer.transaction import commit
from creneau.cli.worker import _process
from tests.consumer.held_worker import HeldSession
from tests.consumer.world import WorkerProcess, World, eventually

PATIENCE_SECONDS = 60
"""How long group and coordinator wait for a frozen one that is to come back in time."""


@contextmanager
def held_worker(world: World, where: str, *, in_time: bool = False) -> Iterator[WorkerProcess]:
    """Start one and wait until it is frozen in a batch; it is resumed at the latest at the end.

    ``in_time``: it is not put out of the group, and its transaction is not aborted, meanwhile.
    """
    file = world.folder / f"held-{where}"
    command = [sys.executable, "-m", "tests.heart.held_worker", where, str(file)]
    repository = str(Path(__file__).parents[2])
    settings = {"WORKER__SESSION_TIMEOUT_SECONDS": str(PATIENCE_SECONDS)} if in_time else {}
    command += ["in-time"] if in_time else []
    with WorkerProcess(
        world, name="held", command=command, settings=settings, path=repository
    ) as worker:
        eventually("a worker frozen in its first batch", file.exists)
        yield worker


def freeze_then_commit(*args: Any) -> None:
    """The worker's ``transaction.commit``; frozen before the first that has outcomes. After it the
    group is not polled any more before the transaction."""
    has_outcomes = len(args) > 4 and args[4] is not None
    if has_outcomes and not HeldSession.file.exists():
        HeldSession.file.touch()
        os.kill(os.getpid(), signal.SIGSTOP)
    commit(*args)


if __name__ == "__main__":
    HeldSession.where = sys.argv[1]
    HeldSession.file = Path(sys.argv[2])
    if sys.argv[3:]:
        broker.session.TRANSACTION_TIMEOUT = PATIENCE_SECONDS
    if HeldSession.where == "scored":
        consumer.transaction.commit = freeze_then_commit  # type: ignore[assignment]
    else:
        consumer.worker.TransactionalSession = HeldSession  # type: ignore
    sys.exit(_process())
