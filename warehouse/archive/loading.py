"""Carrying out a committed plan: its job, and the one of its refused records. In a thread."""

import tempfile
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from re import compile as regex
from typing import IO, Final

from producer_contract.errors import UnavailableError
from warehouse.archive.batch import Batch
from warehouse.archive.job_ids import job_id, refused_job_id
from warehouse.archive.jobs import Job, JobExistsError, Jobs, State, StillRunningError
from warehouse.archive.plan import Plan, Span
from warehouse.archive.rows import with_range

REFUSED_TABLE: Final = "archive_refused"

_FIRST_LOOK: Final = 0.05
_LONGEST_LOOK: Final = 5.0
_NO_ROW: Final = b"no row: the records of this job were lost\n"
_POSITION = regex(r"row starting at position (\d+)")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan. ``job`` is the one that failed, or the last one that is done.

    ``of_refused``: it is the job of the refused records. ``culprits``: offsets of rows that
    BigQuery names as refused; often it names none.
    """

    job: Job
    of_refused: bool = False
    culprits: tuple[int, ...] = ()


def carry_out(
    jobs: Jobs, table: str, partition: int, plan: Plan, of: str, batch: Batch, *, seconds: float
) -> Outcome:
    """Load what ``plan`` says; ``batch`` has its records. Returns when the jobs have ended.

    ``seconds``: how long each job is waited for.

    Raises:
        StillRunningError: a job has not ended by then.
        UnavailableError: BigQuery does not answer. In either case nothing is lost: carry out the
            same plan again, which asks for the same jobs.
    """
    outcome = Outcome(Job(State.DONE))
    if plan.loaded and len(batch.good):
        starts = array("q")
        job = _run(
            jobs,
            job_id(table, partition, plan, of),
            table,
            lambda: _body(batch, batch.rows(), batch.good, plan.loaded, starts),
            seconds,
        )
        outcome = Outcome(job, culprits=_culprits(job, batch.good, starts))
    if outcome.job.state is State.DONE and len(batch.bad):
        job = _run(
            jobs,
            refused_job_id(table, partition, plan, of),
            REFUSED_TABLE,
            lambda: _body(batch, batch.refused_rows(), batch.bad, plan.refused, array("q")),
            seconds,
        )
        outcome = Outcome(job, of_refused=True)
    return outcome


def is_done(jobs: Jobs, table: str, partition: int, plan: Plan, of: str) -> bool:
    """Whether all of a plan is loaded, as far as one can know without its records.

    Raises:
        StillRunningError: one of its jobs has not ended.
        UnavailableError: BigQuery does not answer.
    """
    names = _names(table, partition, plan, of)
    found = [_until_ended(jobs, name, jobs.look(name), 0.0) for name in names]
    return all(job is not None and job.state is State.DONE for job in found)


def void(jobs: Jobs, table: str, partition: int, plan: Plan, of: str) -> None:
    """See to it that nobody can load anything by this plan any more, before it is given up.

    An owner that is frozen just before it sends a job would send it when it goes on. So jobs that
    were not sent are sent now, with a line that is no row: they fail, and their ids are taken.

    Raises: as ``is_done``; what was loaded by then is to be asked after this.
    """
    for name, target in _names(table, partition, plan, of).items():
        job = jobs.look(name)
        if job is None:
            with suppress(JobExistsError):
                jobs.send(name, target, BytesIO(_NO_ROW), len(_NO_ROW))
            job = _sent(name, jobs.look(name))
        _until_ended(jobs, name, job, 0.0)


def why_refused(jobs: Jobs, table: str, partition: int, plan: Plan, of: str) -> str | None:
    """What BigQuery said of the attempt before this plan's; None: nobody knows any more."""
    with suppress(UnavailableError):
        before = jobs.look(job_id(table, partition, plan, of, attempt=plan.attempt - 1))
        if before is not None and before.state is State.ROWS_REFUSED:
            return next(iter(before.messages), None)
    return None


def _names(table: str, partition: int, plan: Plan, of: str) -> dict[str, str]:
    """The jobs of a plan, and the tables that they load."""
    names = {job_id(table, partition, plan, of): table} if plan.loaded else {}
    if plan.refused:
        names[refused_job_id(table, partition, plan, of)] = REFUSED_TABLE
    return names


def _run(jobs: Jobs, name: str, table: str, body: Callable[[], IO[bytes]], seconds: float) -> Job:
    """The job of this name, ended; sent only where BigQuery does not have it."""
    job = jobs.look(name)
    if job is None:
        with body() as lines:
            size = lines.tell()
            lines.seek(0)
            # It exists: another owner of the partition sent it, or we before a crash; same rows.
            with suppress(JobExistsError):
                jobs.send(name, table, lines, size)
        job = jobs.look(name)
    return _sent(name, _until_ended(jobs, name, job, seconds))


def _sent(name: str, job: Job | None) -> Job:
    if job is None:
        raise UnavailableError(f"BigQuery has taken job {name} and does not find it")
    return job


def _until_ended(jobs: Jobs, name: str, job: Job | None, seconds: float) -> Job | None:
    wait = _FIRST_LOOK
    deadline = time.monotonic() + seconds
    while job is not None and job.state is State.RUNNING:
        if time.monotonic() >= deadline:
            waited = f" after {seconds:g} s (archive.job_seconds)" if seconds else ""
            raise StillRunningError(
                f"BigQuery still runs load job {name}{waited}; it is asked for again, and no other "
                "is sent for its rows before it has ended"
            )
        time.sleep(wait)
        wait = min(wait * 1.5, _LONGEST_LOOK)
        job = jobs.look(name)
    return job


def _body(
    batch: Batch,
    rows: IO[bytes],
    offsets: Sequence[int],
    spans: Sequence[Span],
    starts: "array[int]",
) -> IO[bytes]:
    """The lines to be sent, each with the span that its offset lies in; ``starts``: their places.

    The position is at the end.
    """
    topic_id = batch.topic_id.encode()
    edges = [a for a, _ in spans]
    lines = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    place = 0
    for offset, row in zip(offsets, rows, strict=True):
        starts.append(place)
        line = with_range(row[:-1], topic_id, spans[bisect_right(edges, offset) - 1])
        place += lines.write(line)
    return lines


def _culprits(job: Job, offsets: Sequence[int], starts: Sequence[int]) -> tuple[int, ...]:
    """The offsets of the rows that the messages point at, by their place in the file."""
    if job.state is not State.ROWS_REFUSED or not starts:
        return ()
    found = set()
    for message in job.messages:
        for match in _POSITION.finditer(message):
            place = bisect_right(starts, int(match[1])) - 1
            found.add(offsets[max(place, 0)])
    return tuple(sorted(found))
