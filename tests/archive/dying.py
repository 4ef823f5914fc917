"""An archive process that kills itself, as SIGKILL does, at a named step of its work."""

import os
import signal
import sys
from collections.abc import Callable
from typing import IO, Any, Final

from broker.session import TransactionalSession
from broker.settings import KafkaSettings
from warehouse.archive.archiver import Archiver
from warehouse.archive.bigquery_jobs import BigQueryJobs
from warehouse.archive.membership import Membership
from warehouse.archive.process import new_archiver
from warehouse.archive.settings import ArchiveSettings
from warehouse.settings import WarehouseSettings

Owner = type[Any]
STEPS: Final[dict[str, tuple[Owner, str, str]]] = {
    "records read": (Membership, "take", "after"),
    "plan begun": (TransactionalSession, "begin", "after"),
    "plan sent": (TransactionalSession, "send_offsets", "after"),
    "plan committed": (TransactionalSession, "commit", "after"),
    "job about to be sent": (BigQueryJobs, "send", "before"),
    "half of the rows sent": (BigQueryJobs, "_upload", "halfway"),
    "job sent": (BigQueryJobs, "send", "after"),
    "job done": (Archiver, "_done", "before"),
    "offset behind it committed": (Archiver, "_done", "after"),
}
"""Which method dies, before, after or halfway."""


class _Half:
    """A file that kills its reader at the second read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._reads = 0

    def read(self, size: int = -1) -> bytes:
        self._reads += 1
        if self._reads > 1 or size < 0:
            die()
        return self._file.read(min(size, 1_000))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def make_deadly(step: str, time: int) -> None:
    """Die at the ``time``-th passing of the step."""
    owner, name, when = STEPS[step]
    living: Callable[..., Any] = getattr(owner, name)
    passed = 0

    def dying(self: Any, *args: Any, **named: Any) -> Any:
        nonlocal passed
        passed += 1
        last = passed == time
        if last and when == "before":
            die()
        if last and when == "halfway":
            job_id, table, lines, *rest = args
            args = (job_id, table, _Half(lines), *rest)
        result = living(self, *args, **named)
        if last and when == "after":
            die()
        return result

    setattr(owner, name, dying)


def archive(
    step: str | None,
    time: int,
    kafka: KafkaSettings,
    settings: ArchiveSettings,
    warehouse: WarehouseSettings,
    log: str,
) -> None:
    """Archive until SIGTERM, or until the step kills us."""
    with open(log, "ab", buffering=0) as file:  # noqa: PTH123
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if step is not None:
        make_deadly(step, time)
    archiver = new_archiver(kafka, settings, warehouse, "dying-0")
    signal.signal(signal.SIGTERM, lambda *_: archiver.stop())
    archiver.run()
    sys.exit(0)
