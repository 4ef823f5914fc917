"""An archive process that kills itself, as SIGKILL does, at a named step of its work."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from io import BytesIO
from typing import IO, Any, Final

from broker.session import TransactionalSession
from broker.settings import KafkaSettings
from warehouse.archive.archiver import Archiver
from warehouse.archive.batch import Batch
from warehouse.archive.bigquery_jobs import BigQueryJobs
from warehouse.archive.loading import REFUSED_TABLE
from warehouse.archive.membership import Membership
from warehouse.archive.partition import Partition
from warehouse.archive.plan import Standing
from warehouse.archive.process import new_archiver
from warehouse.archive.settings import ArchiveSettings
from warehouse.archive.taking_over import TakingOver
from warehouse.settings import WarehouseSettings

NO_ROW: Final = b"no row\n"

Owner = type[Any]


@dataclass(frozen=True, slots=True)
class Step:
    """The method of ``owner`` that dies, before, after or halfway; only with arguments that
    ``only`` is true of. ``after_a_failure``: the first job of slot events fails."""

    owner: Owner
    name: str
    when: str
    only: Callable[..., bool] = lambda *_: True
    after_a_failure: bool = False


def replaces_a_plan(_: Archiver, one: Partition, standing: Standing) -> bool:
    return one.standing.plan is not None and standing.plan is not None


def loads_refused(_: BigQueryJobs, job_id: str, table: str, *rest: Any) -> bool:
    return table == REFUSED_TABLE


STEPS: Final = {
    "records read": Step(Membership, "take", "after"),
    "plan begun": Step(TransactionalSession, "begin", "after"),
    "plan sent": Step(TransactionalSession, "send_offsets", "after"),
    "plan committed": Step(TransactionalSession, "commit", "after"),
    "job about to be sent": Step(BigQueryJobs, "send", "before"),
    "half of the rows sent": Step(BigQueryJobs, "_upload", "halfway"),
    "rows loaded, refused records not": Step(Batch, "refused_rows", "before"),
    "job sent": Step(BigQueryJobs, "send", "after"),
    "job done": Step(Archiver, "_done", "before"),
    "offset behind it committed": Step(Archiver, "_done", "after"),
}
"""What an archive passes all the time."""

RARE_STEPS: Final = {
    "refused records about to be sent": Step(BigQueryJobs, "send", "before", loads_refused),
    "refused records sent": Step(BigQueryJobs, "send", "after", loads_refused),
    "job failed": Step(Archiver, "_failed", "before", after_a_failure=True),
    "next attempt about to be committed": Step(
        Archiver, "_commit", "before", replaces_a_plan, after_a_failure=True
    ),
    "next attempt committed": Step(
        Archiver, "_commit", "after", replaces_a_plan, after_a_failure=True
    ),
}
"""What it passes once, where records are refused or a job fails."""

GIVING_UP: Final = {
    "plan about to be made void": Step(TakingOver, "_void", "before"),
    "plan made void": Step(TakingOver, "_void", "after"),
}
"""What it passes where the records of a plan are lost, and that is accepted."""


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
    deadly = (STEPS | RARE_STEPS | GIVING_UP)[step]
    living: Callable[..., Any] = getattr(deadly.owner, deadly.name)
    passed = 0

    def dying(self: Any, *args: Any, **named: Any) -> Any:
        nonlocal passed
        passes = deadly.only(self, *args, **named)
        passed += passes
        last = passes and passed == time
        if last and deadly.when == "before":
            die()
        if last and deadly.when == "halfway":
            die_while_sending()
        result = living(self, *args, **named)
        if last and deadly.when == "after":
            die()
        return result

    setattr(deadly.owner, deadly.name, dying)
    if deadly.after_a_failure:
        make_a_job_fail()


def make_a_job_fail() -> None:
    """The first job of slot events is sent with a line that BigQuery cannot read."""
    living = BigQueryJobs.send
    failed = False

    def failing(self: BigQueryJobs, job_id: str, table: str, lines: IO[bytes], size: int) -> None:
        nonlocal failed
        if table == "slot_events" and not failed:
            failed = True
            lines, size = BytesIO(NO_ROW), len(NO_ROW)
        living(self, job_id, table, lines, size)

    BigQueryJobs.send = failing  # type: ignore[method-assign]


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
