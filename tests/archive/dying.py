"""An archive process that kills itself, as SIGKILL does, at a named step of its work."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any, Final

from broker.session import TransactionalSession
from broker.settings import KafkaSettings
from warehouse.archive.archiver import Archiver
from warehouse.archive.batch import Batch
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
    "rows loaded, refused records not": (Batch, "refused_rows", "before"),
    "job sent": (BigQueryJobs, "send", "after"),
    "job done": (Archiver, "_done", "before"),
    "offset behind it committed": (Archiver, "_done", "after"),
}
"""Which method dies, before, after or halfway."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_while_sending() -> None:
    """Die at the third piece that goes over a connection: the rest is never sent."""
    living = HTTPConnection.send
    pieces = 0

    def dying(self: HTTPConnection, data: Any) -> None:
        nonlocal pieces
        pieces += 1
        if pieces == 3:
            die()
        living(self, data)

    HTTPConnection.send = dying  # type: ignore[method-assign]


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
            die_while_sending()
        result = living(self, *args, **named)
        if last and when == "after":
            die()
        return result

    setattr(owner, name, dying)


def make_freezing(marks: str) -> None:
    """Freeze, as SIGSTOP does, when the first job is about to be sent; ``marks`` gets a line where
    a sending begins and one where it has ended."""
    living = BigQueryJobs.send

    def freezing(self: BigQueryJobs, *args: Any) -> None:
        mark(marks, "begun")
        os.kill(os.getpid(), signal.SIGSTOP)
        try:
            living(self, *args)
        finally:
            mark(marks, "ended")

    BigQueryJobs.send = freezing  # type: ignore[method-assign]


def mark(path: str, line: str) -> None:
    with open(path, "a") as file:  # noqa: PTH123
        file.write(f"{line}\n")


def freezing_archive(marks: str, *rest: Any) -> None:
    """As ``archive``, freezing. It may be put out of the group, and fenced: what it is sending it
    sends to the end all the same."""
    make_freezing(marks)
    try:
        archive(None, 1, *rest)
    finally:
        for thread in threading.enumerate():
            if thread.name.startswith("load-"):
                thread.join(60)


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
