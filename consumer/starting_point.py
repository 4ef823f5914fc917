"""Where a worker starts on a partition that it was given. Pure.

The group's committed offset alone does not tell: an empty group's offsets expire, an operator may
have moved them, and retention may have been faster than the workers.
"""

from dataclasses import dataclass, replace
from enum import Enum

from broker.groups import Committed
from consumer.open_runs import Lost, Position
from ledger import metadata


@dataclass(frozen=True, slots=True)
class Traces:
    """What was left of a partition's live scoring, besides the group's offsets.

    ``run_end``: the highest end of a live run, None without one. ``outcome_end``: the highest
    source offset among the live outputs and dead letters + 1, None where there are none.
    """

    run_end: int | None
    outcome_end: int | None

    @property
    def end(self) -> int | None:
        known = [end for end in (self.run_end, self.outcome_end) if end is not None]
        return max(known, default=None)


class Origin(Enum):
    """How the starting point was found; the value is what the log says about it."""

    COMMITTED = "goes on where the group stands"
    NEW = "is new: starts at the start of its log"
    EXPIRED = "had no committed offset any more (expired or deleted): goes on behind its last "
    "outcome; its runs so far are marked to be planned with a scan"
    MOVED = "was moved by an operator: goes on there; its runs are marked to be planned with a scan"


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """Where to go on, and how that was found. ``problem``: why the partition must wait instead."""

    position: Position
    origin: Origin
    problem: str | None = None


def needs_traces(committed: Committed) -> bool:
    """Whether ``starting_point`` has to know the partition's traces (reading them takes time)."""
    return committed.offset is None


def starting_point(
    committed: Committed,
    log_start: int,
    log_end: int,
    *,
    traces: Traces | None = None,
    accept_lost: bool = False,
) -> StartingPoint:
    """The starting point of one partition, whose log is ``[log_start, log_end)`` now.

    ``traces`` is needed where ``needs_traces(committed)``.
    """
    origin, offset = _origin(committed, log_start, traces)
    run = metadata.parse(committed.metadata) if origin is Origin.COMMITTED else None
    reset = origin in (Origin.EXPIRED, Origin.MOVED)
    position = Position(offset, run, reset)
    if offset > log_end:
        return StartingPoint(position, origin, _past_the_end(offset, log_end))
    if offset < log_start:
        lost = Lost(offset, log_start)
        if not accept_lost:
            return StartingPoint(position, origin, _lost_line(lost))
        return StartingPoint(replace(position, lost=lost), origin)
    return StartingPoint(position, origin)


def _origin(committed: Committed, log_start: int, traces: Traces | None) -> tuple[Origin, int]:
    if committed.offset is None:
        if traces is None:
            raise ValueError("a partition without a committed offset needs its traces")
        if traces.end is None:
            return Origin.NEW, log_start
        return Origin.EXPIRED, traces.end
    if metadata.parse(committed.metadata) is None:
        return Origin.MOVED, committed.offset
    return Origin.COMMITTED, committed.offset


def _past_the_end(offset: int, log_end: int) -> str:
    return (
        f"offset {offset} is past the end of its log ({log_end}): was the topic made anew, or its "
        "end lost? Move the group to where it should go on (kafka-consumer-groups.sh "
        "--reset-offsets)"
    )


def _lost_line(lost: Lost) -> str:
    return (
        f"offsets {lost.from_offset} to {lost.to_offset} were deleted by retention before they "
        "were scored; to record them as lost and go on, set worker.accept_lost = true "
        "(CRENEAU_WORKER__ACCEPT_LOST=true) and restart"
    )
