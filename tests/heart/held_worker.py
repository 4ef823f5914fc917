"""A worker process that freezes itself at a precise point of its first batch, once.

Run by tests: ``python -m tests.heart.held_worker WHERE FILE``. Beside the points that
``tests.consumer.held_worker`` knows (``produced``, ``offsets-sent``) there is ``scored``: the batch
is scored and the transaction is begun, but nothing of it has been sent.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import consumer.worker
from creneau.cli.worker import _process
from tests.consumer.held_worker import HeldSession
from tests.consumer.world import WorkerProcess, World, eventually


class ScoredSession(HeldSession):
    """Stops before the first record as well."""

    def produce(self, *args: Any, **keywords: Any) -> None:
        HeldSession._produced += 1
        self._hold("scored")
        super().produce(*args, **keywords)


@contextmanager
def held_worker(world: World, where: str) -> Iterator[WorkerProcess]:
    """Start one and wait until it is frozen in a batch; it is resumed at the latest at the end."""
    file = world.folder / f"held-{where}"
    command = [sys.executable, "-m", "tests.heart.held_worker", where, str(file)]
    repository = str(Path(__file__).parents[2])
    with WorkerProcess(world, name="held", command=command, path=repository) as worker:
        eventually("a worker frozen in its first batch", file.exists)
        yield worker


if __name__ == "__main__":
    HeldSession.where = sys.argv[1]
    HeldSession.file = Path(sys.argv[2])
    consumer.worker.TransactionalSession = ScoredSession  # type: ignore
    sys.exit(_process())
