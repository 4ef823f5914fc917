"""A whole life of Créneau in plain Python: decisions, live scoring, replays, resets.

It writes what the workers and executors would write (ledger, runs, metadata, outcomes), by the same
pure functions where there are such, and beside that it notes down, the naive way, what the ledger
says and how it stands with each slot. Nothing here is clever: that is the point.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from broker.groups import Committed
from consumer.open_runs import Counted, Position, advance
from consumer.starting_point import Traces, starting_point
from ledger import metadata
from ledger.fold import EMPTY, LedgerState, Replay, fold
from ledger.records import Interval, Record, Scope
from ledger.runs import Run, Verdict
from replay.canonical import digest
from replay.certificate import make_certificate
from replay.judgement import Judgement, canary_reached, judge
from replay.observed import Kind, Outcome
from replay.plan import Plan
from replay.tasks import Task
from replay.verdicts import DeadLetters, dead_before
from tests.ledger.build import (
    START,
    cancelled,
    completed,
    paused,
    promoted,
    registered,
    requested,
    resumed,
    revoked,
)
from tests.ledger.naive import NaiveLedger
from tests.replay.observer import Slot
from tests.replay.partition import NOTHING_COMMITTED, STEP, Partition

Event = tuple[int, int]
"""Partition and offset."""


@dataclass
class History:
    """What stands on Kafka, and what a naive observer has noted down."""

    partitions: list[Partition]
    state: LedgerState = EMPTY
    naive: NaiveLedger = field(default_factory=NaiveLedger)
    runs: list[Run] = field(default_factory=list)
    slots: dict[Event, Slot] = field(default_factory=lambda: defaultdict(Slot))
    position: int = 0
    clock: int = 0
    replays: int = 0
    tasks: list[Task] = field(default_factory=list)

    def write(self, record: Record) -> int:
        offset = self.position
        self.state = fold(self.state, offset, record)
        self.naive.note(offset, record)
        self.position += STEP
        return offset

    def register(self) -> str:
        version = f"v{len(self.state.models)}"
        self.write(registered(version))
        return version

    def promote(self, version: str) -> None:
        self.write(promoted(version))

    def revoke(self, *versions: str, to: str | None) -> None:
        self.write(revoked(*versions, to=to))

    def publish(self, partition: int, count: int) -> None:
        self.clock += 1
        self.partitions[partition].published += [self.clock] * count

    def score(self, partition: int, count: int) -> None:
        """A worker's transaction: acknowledge the epoch, score what is there, keep the run."""
        epoch = self.state.epoch
        if epoch is None:
            return
        one = self.partitions[partition]
        position = self._position(partition)
        closing = self.state.in_force_at_epoch(position.run.epoch) if position.run else None
        counted = self._score(partition, position.offset, count, epoch)
        after = advance(partition, position, epoch, closing_version=closing, counted=counted)
        self.runs += after.runs
        one.committed = Committed(after.position.offset, metadata.encode(after.metadata))

    def _position(self, partition: int) -> Position:
        one = self.partitions[partition]
        live = [r for r in self.runs if r.source_partition == partition and r.replay_id is None]
        traces = Traces(max((run.to_offset for run in live), default=None), one.live_end)
        start = starting_point(one.committed, 0, one.end, traces=traces)
        assert start.problem is None
        return start.position

    def _score(self, partition: int, start: int, count: int, epoch: int) -> Counted | None:
        version = self.state.in_force
        assert version == self.naive.in_force
        one = self.partitions[partition]
        offsets = one.offsets(start, one.end)[:count]
        if version is None or not offsets:
            return None
        for offset in offsets:
            kind = Kind.PROBABILITY if accepts(version, offset) else Kind.DEAD_LETTER
            self.slots[partition, offset].judge(epoch, version, in_replay=False)
            self._emit(partition, offset, epoch, version, kind)
        one.live_end = max(one.live_end or 0, offsets[-1] + 1)
        scored = sum(accepts(version, offset) for offset in offsets)
        return Counted(offsets[-1] + 1, scored, len(offsets) - scored)

    def reset(self, partition: int, event: int) -> None:
        """An operator moves the group; the open run goes with the metadata."""
        one = self.partitions[partition]
        if one.committed.offset is not None:
            one.committed = Committed(min(event * STEP, one.end), "")

    def expire(self) -> None:
        """The group stood empty for too long: its offsets are gone, and the open runs with them."""
        for one in self.partitions:
            one.committed = NOTHING_COMMITTED

    def acknowledge_all(self) -> None:
        for partition in range(len(self.partitions)):
            self.score(partition, 0)

    def request_replay(
        self, plan: Plan, from_models: frozenset[str], to: str, scope: Scope
    ) -> None:
        """The request with its tasks; those of an old replay have been drained."""
        assert all(judge(one, self.state, self.runs) is Judgement.SKIP for one in self.tasks)
        self.replays += 1
        replay_id = f"replay-{self.replays}"
        self.write(
            requested(
                replay_id,
                *sorted(from_models),
                to=to,
                scope=scope,
                affected=plan.affected,
                chunks=len(plan.chunks),
                canary_chunks=plan.canary_chunks,
                fences=self.fences(),
            )
        )
        canary = plan.canary_chunks or 0
        self.tasks = [Task(replay_id, one, at < canary) for at, one in enumerate(plan.chunks)]

    def take_chunk(self, which: int) -> Task | None:
        """An executor's transaction, and a look at the canary; None: it may take no task.

        ``which``: they are spread over several queues, so that it need not be the first.
        """
        may = [one for one in self.tasks if judge(one, self.state, self.runs) is Judgement.DO]
        if not may:
            return None
        task = may[which % len(may)]
        replay = self.state.replays[task.replay_id]
        self._run_chunk(replay, task.chunk)
        if canary_reached(replay, self.runs):
            self.write(paused(replay.replay_id, canary=True))
        return task

    def _run_chunk(self, replay: Replay, chunk: Interval) -> None:
        version, epoch = replay.request.with_model, replay.epoch
        before = dead_before(chunk, self._dead_letters(chunk, epoch), self.runs, epoch)
        scored = dead = 0
        changes: list[tuple[int, Verdict]] = []
        for offset in self.partitions[chunk.partition].offsets(chunk.from_offset, chunk.to_offset):
            self.slots[chunk.partition, offset].judge(epoch, version, in_replay=True)
            if accepts(version, offset):
                scored += 1
                self._emit(chunk.partition, offset, epoch, version, Kind.PROBABILITY)
                changes += [(offset, "scored")] * (offset in before)
            else:
                dead += 1
                if offset not in before:
                    self._emit(chunk.partition, offset, epoch, version, Kind.DEAD_LETTER)
                    self._emit(chunk.partition, offset, epoch, version, Kind.WITHDRAWAL)
                    changes.append((offset, "refused"))
        self.runs.append(
            Run(
                *chunk,
                epoch=epoch,
                model_version=version,
                replay_id=replay.replay_id,
                scored=scored,
                dead=dead,
                verdict_changes=tuple(changes),
                verdict_changes_count=len(changes),
            )
        )

    def _dead_letters(self, chunk: Interval, epoch: int) -> DeadLetters:
        return DeadLetters(
            (
                (outcome.source_offset, outcome.epoch)
                for outcome in self.partitions[chunk.partition].outcomes
                if outcome.kind is Kind.DEAD_LETTER
            ),
            epoch,
        )

    def pause(self) -> None:
        self.write(paused(self.active.replay_id))

    def resume(self) -> None:
        self.write(resumed(self.active.replay_id))

    def complete(self) -> None:
        certificate = make_certificate(self.state, self.runs, self.active, START)
        self.write(completed(self.active.replay_id, digest(certificate)))

    def cancel(self) -> None:
        self.write(cancelled(self.active.replay_id))

    @property
    def active(self) -> Replay:
        replay = self.state.active_replay
        assert replay is not None
        return replay

    def fences(self) -> dict[int, int]:
        """Where a worker has committed."""
        return {
            partition: one.committed.offset
            for partition, one in enumerate(self.partitions)
            if one.open_run is not None and one.committed.offset is not None
        }

    def _emit(self, partition: int, offset: int, epoch: int, version: str, kind: Kind) -> None:
        self.partitions[partition].outcomes.append(Outcome(offset, epoch, version, kind))
        self.slots[partition, offset].put_out(epoch, version, kind)

    def owed(self, models: frozenset[str]) -> set[Event]:
        """The events that a replay from these models has to look at again."""
        return {event for event, slot in self.slots.items() if slot.owed_by(models)}


def accepts(version: str, offset: int) -> bool:
    """Whether a model scores an event or refuses it: most refuse few, and not the same ones."""
    number = int(version[1:])
    return (offset // STEP + number) % 5 != 0
