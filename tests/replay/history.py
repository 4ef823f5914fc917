"""A whole life of Créneau in plain Python: decisions, live scoring, replays, resets.

It writes what the workers and executors would write (ledger, runs, metadata, outcomes), and beside
that it keeps, the naive way, every outcome of every event. Nothing here is clever: that is the
point.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from ledger.fold import EMPTY, LedgerState, fold
from ledger.in_force import gaps, open_run, reset_partitions
from ledger.metadata import CommitMetadata
from ledger.records import Interval, Record
from ledger.runs import Run
from replay.canonical import digest
from replay.certificate import make_certificate
from replay.observed import Outcome, Window
from replay.plan import affected_ranges, make_plan
from tests.ledger.build import (
    START,
    cancelled,
    completed,
    promoted,
    registered,
    requested,
    revoked,
)

STEP = 2
"""Every event stands at an even offset: transaction markers take the odd ones."""


@dataclass
class Partition:
    """One source partition: its events, and where the group stands in it."""

    events: int = 0
    committed: int | None = None
    metadata: CommitMetadata | None = None
    highest: int = 0

    @property
    def end(self) -> int:
        return self.events * STEP


@dataclass
class History:
    """What stands on Kafka, and what a naive observer has kept."""

    partitions: list[Partition]
    state: LedgerState = EMPTY
    runs: list[Run] = field(default_factory=list)
    seen: dict[tuple[int, int], list[Outcome]] = field(default_factory=lambda: defaultdict(list))
    position: int = 0
    replays: int = 0
    chunks: list[Interval] = field(default_factory=list)

    def write(self, record: Record) -> int:
        offset = self.position
        self.state = fold(self.state, offset, record)
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
        self.partitions[partition].events += count

    def score(self, partition: int, count: int, dead_every: int = 7) -> None:
        """A worker's transaction: acknowledge the epoch, score what is there, keep the run."""
        one = self.partitions[partition]
        epoch = self.state.epoch
        if epoch is None:
            return
        self._stand(partition, epoch)
        assert one.committed is not None
        assert one.metadata is not None
        if self.state.in_force is None:
            return
        for _ in range(count):
            if one.committed >= one.end:
                break
            offset = one.committed - one.committed % STEP
            scored = (offset // STEP) % dead_every != 0
            self._emit(partition, offset, epoch, self.state.in_force, scored)
            one.committed = offset + STEP
            one.metadata = CommitMetadata(
                epoch,
                one.metadata.run_from,
                one.metadata.scored + scored,
                one.metadata.dead + (not scored),
            )
        one.highest = max(one.highest, one.committed)

    def _stand(self, partition: int, epoch: int) -> None:
        one = self.partitions[partition]
        if one.committed is None:
            one.committed = 0
            one.metadata = CommitMetadata(epoch, 0, 0, 0)
        elif one.metadata is None:
            self.runs.append(
                Run(partition, one.committed, one.committed, epoch, self.state.in_force, reset=True)
            )
            one.metadata = CommitMetadata(epoch, one.committed, 0, 0)
        elif one.metadata.epoch != epoch:
            closed = open_run(partition, one.committed, one.metadata, self.state)
            if not closed.empty:
                self.runs.append(closed)
            one.metadata = CommitMetadata(epoch, one.committed, 0, 0)

    def reset(self, partition: int, event: int) -> None:
        """An operator moves the group; the open run goes with the metadata."""
        one = self.partitions[partition]
        if one.committed is not None:
            one.committed = min(event, one.events) * STEP
            one.metadata = None

    def acknowledge_all(self) -> None:
        for partition in range(len(self.partitions)):
            self.score(partition, 0)

    def request_replay(self, to: str, chunk_offsets: int) -> str:
        """Fence, plan, request."""
        self.acknowledge_all()
        fences = {p: one.committed or 0 for p, one in enumerate(self.partitions)}
        from_models = self.state.revoked
        ranges = affected_ranges(self.known_runs(), from_models)
        plan = make_plan(ranges, fences, chunk_offsets=chunk_offsets)
        self.replays += 1
        replay_id = f"replay-{self.replays}"
        self.write(
            requested(
                replay_id,
                *sorted(from_models),
                to=to,
                affected=plan.affected,
                chunks=len(plan.chunks),
                fences=fences,
            )
        )
        self.chunks = list(plan.chunks)
        return replay_id

    def run_chunk(self) -> None:
        """An executor's transaction."""
        replay = self.state.active_replay
        assert replay is not None
        chunk = self.chunks.pop(0)
        scored = dead = 0
        first = -(-chunk.from_offset // STEP) * STEP
        for offset in range(first, chunk.to_offset, STEP):
            good = (offset // STEP) % 7 != 0
            scored, dead = scored + good, dead + (not good)
            self._emit(chunk.partition, offset, replay.epoch, replay.request.with_model, good)
        self.runs.append(
            Run(
                *chunk,
                epoch=replay.epoch,
                model_version=replay.request.with_model,
                replay_id=replay.replay_id,
                scored=scored,
                dead=dead,
            )
        )

    def complete(self) -> None:
        replay = self.state.active_replay
        assert replay is not None
        certificate = make_certificate(self.state, self.runs, replay, START)
        self.write(completed(replay.replay_id, digest(certificate)))

    def cancel(self) -> None:
        replay = self.state.active_replay
        assert replay is not None
        self.chunks = []
        self.write(cancelled(replay.replay_id))

    def known_runs(self) -> list[Run]:
        """What the planner knows: closed runs, open runs, and what a scan sees."""
        known = list(self.runs)
        for partition, one in enumerate(self.partitions):
            if one.committed is not None and one.metadata is not None:
                known.append(open_run(partition, one.committed, one.metadata, self.state))
        resets = reset_partitions(self.runs)
        for partition, one in enumerate(self.partitions):
            own = [run for run in known if run.source_partition == partition]
            whole = [(0, one.end)] if partition in resets else gaps(own, one.committed or 0)
            for start, end in whole:
                known += self._scan(partition, start, end)
        return known

    def _scan(self, partition: int, start: int, end: int) -> list[Run]:
        window = Window(partition, start, end)
        window.mark_records(range(-(-start // STEP) * STEP, end, STEP))
        for (p, _), outcomes in self.seen.items():
            for outcome in outcomes:
                if p == partition:
                    window.see(outcome)
        return window.runs()

    def _emit(self, partition: int, offset: int, epoch: int, version: str, scored: bool) -> None:
        self.seen[partition, offset].append(Outcome(offset, epoch, version, scored))

    def in_force_naively(self) -> dict[tuple[int, int], str | None]:
        """For each event its outcome of the highest epoch."""
        return {
            key: max(outcomes, key=lambda outcome: outcome.epoch).model_version
            for key, outcomes in self.seen.items()
        }
