"""A corrupted model's events, and executors to correct them.

Threads where nothing is killed or frozen: a process takes seconds to start.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from broker.clients import new_admin
from broker.log import high_watermarks, last_stable_offsets, partitions_of
from consumer.settings import WorkerSettings
from consumer.worker import Worker
from replay.request import Requested
from tests.consumer.world import WorkerProcess
from tests.replay.world import ReplayWorld

T = TypeVar("T")

REPOSITORY = str(Path(__file__).parents[2])
A_WHILE = 1.5
"""Seconds in which what must not happen would have happened."""

EXECUTOR_SETTINGS = {
    "REPLAY__LIVE_AGE_LIMIT": "3600",
    "REPLAY__LIVE_LAG_LIMIT": "1000000000",
    "REPLAY__NICENESS": "0",
    "REPLAY__SESSION_TIMEOUT_SECONDS": "2",
}


def start_corrupted(world: ReplayWorld) -> None:
    """The model ``bad`` is in force, ``good`` is there to replace it."""
    world.start_with("bad")
    world.register("good", seed=1)


def corrupt(world: ReplayWorld, count: int, **order: Any) -> Requested:
    """``count`` events scored by ``bad``, which is then revoked; the replay that is asked for.

    The worker is gone when this returns.
    """
    start_corrupted(world)
    with live(world):
        world.until_done(world.publish(count))
        world.revoke("bad", replacement="good")
        return world.request(to="good", **order)


@contextmanager
def live(world: ReplayWorld, **settings: Any) -> Iterator[None]:
    """A worker, drained at the end of the block."""
    worker = Worker(
        world.kafka, WorkerSettings(**settings), instance="in-a-thread", load=world.load
    )
    with meanwhile(worker.run) as working:
        try:
            yield
        finally:
            worker.stop()
    working.result()


def executor_process(world: ReplayWorld, *, name: str = "executor") -> WorkerProcess:
    """An executor as the pool starts it."""
    command = [sys.executable, "-m", "creneau.executor_process"]
    return WorkerProcess(
        world, name=name, command=command, settings=EXECUTOR_SETTINGS, path=REPOSITORY
    )


def held_executor(world: ReplayWorld, where: str) -> tuple[WorkerProcess, Path]:
    """An executor that stops itself, as SIGSTOP does, in its first chunk; see the driver."""
    file = world.folder / "held"
    command = [sys.executable, "-m", "tests.heart.held_executor", where, str(file)]
    held = WorkerProcess(
        world, name="held", command=command, settings=EXECUTOR_SETTINGS, path=REPOSITORY
    )
    return held, file


def outputs_in_the_open(world: ReplayWorld) -> int:
    """How many offsets of the outputs' logs lie in or behind an open transaction."""
    admin, topic = new_admin(world.kafka), world.kafka.names.slot_probability
    partitions = partitions_of(admin, topic)
    ends = high_watermarks(admin, topic, partitions)
    stable = last_stable_offsets(admin, topic, partitions)
    return sum(ends[partition] - stable[partition] for partition in partitions)


@contextmanager
def meanwhile(work: Callable[[], T]) -> Iterator[Future[T]]:
    """``work`` in a thread, which has ended when the block has."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(work)


def still_waits(future: Future[Any]) -> bool:
    """Whether it has not come to an end after a while."""
    return not wait([future], timeout=A_WHILE).done
