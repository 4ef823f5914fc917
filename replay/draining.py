"""Draining: no chunk of an old replay can commit any more once all its tasks are committed."""

import time
from collections.abc import Callable

from broker.clients import new_admin
from broker.settings import KafkaSettings
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
    """Return when the executor group has committed every task there is.

    Takes part as an executor until then, so that it ends also when no pool runs: no replay is
    active, so every task is passed over.

    Raises:
        UnavailableError: the cluster refuses.
    """
    left = len(uncommitted_tasks(kafka, new_admin(kafka)))
    if not left:
        return
    say(f"passing over {left} tasks of earlier replays")
    executor = Executor(kafka, settings, instance=instance, load=load, stop=_Drained(kafka))
    try:
        executor.run()
    finally:
        executor.close()


class _Drained:
    """Whether every task is committed; asked of the cluster now and then only."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._admin = new_admin(kafka)
        self._next = 0.0

    def __call__(self) -> bool:
        if time.monotonic() < self._next:
            return False
        drained = not uncommitted_tasks(self._kafka, self._admin)
        self._next = time.monotonic() + LOOK_SECONDS
        return drained
