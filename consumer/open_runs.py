"""The open run of a partition, and what a transaction makes of it. Pure.

A transaction is stamped with one epoch. When the epoch has moved since the partition's last commit,
the run that was open ends at the offset committed before this transaction, and the next one opens
there, in the same transaction.
"""

from dataclasses import dataclass, replace

from ledger.metadata import CommitMetadata
from ledger.runs import Run


@dataclass(frozen=True, slots=True)
class Lost:
    """Offsets ``[from_offset, to_offset)``: deleted by retention before they were scored."""

    from_offset: int
    to_offset: int


@dataclass(frozen=True, slots=True)
class Position:
    """Where a partition stands.

    ``offset`` is the next one to score (the committed one, between transactions). ``run`` is the
    open run that ends there, None where one has still to be opened. ``reset``: the runs do not
    lead up to here, and a record has to say so. ``lost``: what has to be recorded as lost first.
    """

    offset: int
    run: CommitMetadata | None = None
    reset: bool = False
    lost: Lost | None = None

    def owes(self, epoch: int) -> bool:
        """Whether the partition has still to acknowledge ``epoch``, events or not."""
        return self.run is None or self.run.epoch != epoch or self.lost is not None


@dataclass(frozen=True, slots=True)
class Counted:
    """The outcomes of one partition in one transaction, which ends before ``next_offset``."""

    next_offset: int
    scored: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Advance:
    """What the transaction writes for a partition, and where the partition stands after it."""

    runs: tuple[Run, ...]
    position: Position
    metadata: CommitMetadata


def advance(
    partition: int,
    position: Position,
    epoch: int,
    *,
    closing_version: str | None,
    counted: Counted | None = None,
) -> Advance:
    """Stamp a transaction with ``epoch``.

    ``closing_version`` is the model that was in force under the open run's epoch. ``counted`` is
    None where the transaction only acknowledges.

    Raises:
        ValueError: the partition was already stamped with a later epoch, which the caller must
            never let happen: an epoch never goes backwards.
    """
    if position.run is not None and position.run.epoch > epoch:
        raise ValueError(
            f"partition {partition}: epoch {epoch} after {position.run.epoch}: epochs never go back"
        )
    runs = _reset_record(partition, position, epoch)
    run = position.run
    offset = position.offset
    if run is not None and (run.epoch != epoch or position.lost is not None):
        runs += _closed(partition, run, offset, closing_version)
        run = None
    if position.lost is not None:
        runs += (_run(partition, position.lost.from_offset, position.lost.to_offset, epoch),)
        offset = position.lost.to_offset
    opened = run or CommitMetadata(epoch=epoch, run_from=offset, scored=0, dead=0)
    if counted is not None:
        offset = counted.next_offset
        opened = replace(
            opened, scored=opened.scored + counted.scored, dead=opened.dead + counted.dead
        )
    return Advance(runs=runs, position=Position(offset, run=opened), metadata=opened)


def _reset_record(partition: int, position: Position, epoch: int) -> tuple[Run, ...]:
    if not position.reset:
        return ()
    here = position.lost.from_offset if position.lost is not None else position.offset
    return (_run(partition, here, here, epoch, reset=True),)


def _closed(
    partition: int, run: CommitMetadata, committed: int, version: str | None
) -> tuple[Run, ...]:
    if committed <= run.run_from:
        return ()
    closed = _run(
        partition,
        run.run_from,
        committed,
        run.epoch,
        model_version=version,
        scored=run.scored,
        dead=run.dead,
    )
    return (closed,)


def _run(
    partition: int,
    from_offset: int,
    to_offset: int,
    epoch: int,
    *,
    model_version: str | None = None,
    scored: int = 0,
    dead: int = 0,
    reset: bool = False,
) -> Run:
    return Run(
        source_partition=partition,
        from_offset=from_offset,
        to_offset=to_offset,
        epoch=epoch,
        model_version=model_version,
        replay_id=None,
        scored=scored,
        dead=dead,
        reset=reset,
    )
