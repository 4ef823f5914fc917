"""Draining: no chunk of an old replay can commit any more once all its tasks are committed."""

import time
from collections.abc import Callable

from broker.clients import new_admin
from broker.settings import KafkaSettings
from ledger.reader import read_ledger
from replay.chunk_scorer import Load
from replay.executor import Executor
from replay.settings import ReplaySettings
from replay.tasks import uncommitted_tasks

LOOK_SECONDS = 0.5


def drain(
    kafka: KafkaSettings,
    settings: ReplaySettings,
    *,
    instance: str,
    load: Load,
    say: Callable[[str], None],
) -> None:
    """Return when the executor group has committed every task there is, or a replay is active.

    Takes part as an executor until then, so that it ends also when no pool runs: while no replay
    is active, every task is passed over. Once another operator's replay stands on the ledger its
    tasks are not ours to do: whoever asked for the draining is refused there.

    Raises:
        UnavailableError: the cluster refuses.
    """
    left = len(uncommitted_tasks(kafka, new_admin(kafka)))
    if not left:
        return
    say(f"passing over {left} tasks of earlier replays")
    admin = new_admin(kafka)
    stop = Drained(
        active=lambda: read_ledger(kafka).active_replay is not None,
        left=lambda: bool(uncommitted_tasks(kafka, admin)),
    )
    executor = Executor(kafka, settings, instance=instance, load=load, stop=stop)
    try:
        executor.run()
    finally:
        executor.close()


class Drained:
    """Whether draining is over: no task is ``left``, or a replay is ``active``.

    The cluster is asked now and then only; "over" stays so.
    """

    def __init__(self, *, active: Callable[[], bool], left: Callable[[], bool]) -> None:
        self._active = active
        self._left = left
        self._over = False
        self._next = 0.0

    def __call__(self) -> bool:
        if not self._over and time.monotonic() >= self._next:
            # The ledger first: tasks that appear with a new replay must not be waited for.
            self._over = self._active() or not self._left()
            self._next = time.monotonic() + LOOK_SECONDS
        return self._over
