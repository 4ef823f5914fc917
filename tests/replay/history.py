"""A whole life of Créneau in plain Python: decisions, live scoring, replays, resets.

It writes what the workers and executors would write (ledger, runs, metadata, outcomes), and beside
that it keeps, the naive way, every outcome of every event. Nothing here is clever: that is the
point.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from ledger.fold import EMPTY, LedgerState, fold
from ledger.in_force import gaps, open_run, reset_partitions
from ledger.metadata import CommitMetadata
from ledger.records import Interval, Record
from ledger.runs import Run, Verdict
from replay.canonical import digest
from replay.certificate import make_certificate
from replay.observed import Kind, Outcome, Window
from replay.plan import affected_ranges, make_plan
from replay.verdicts import DeadLetters, dead_before
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

    def score(self, partition: int, count: int) -> None:
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
            scored = accepts(self.state.in_force, offset)
            kind = Kind.PROBABILITY if scored else Kind.DEAD_LETTER
            self._emit(partition, offset, epoch, self.state.in_force, kind)
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
            # Nothing is known of it, or its offsets expired: where its outcomes end.
            one.committed = one.highest
            one.metadata = CommitMetadata(epoch, one.committed, 0, 0)
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

    def expire(self) -> None:
        """The group stood empty for too long: its offsets are gone, and the open runs with them."""
        for one in self.partitions:
            if one.metadata is not None:
                one.committed = one.metadata = None

    def acknowledge_all(self) -> None:
        for partition in range(len(self.partitions)):
            self.score(partition, 0)

    def request_replay(self, to: str, chunk_offsets: int) -> str:
        """Fence, plan, request."""
        self.acknowledge_all()
        fences = {p: one.committed or 0 for p, one in enumerate(self.partitions)}
        from_models = self.state.revoked
        ranges = affected_ranges(self.known_runs(), from_models, self.held_runs())
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
        version, epoch = replay.request.with_model, replay.epoch
        before = dead_before(chunk, self._dead_letters(chunk, epoch), self.runs, epoch)
        scored = dead = 0
        changes: list[tuple[int, Verdict]] = []
        for offset in range(-(-chunk.from_offset // STEP) * STEP, chunk.to_offset, STEP):
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
                for (partition, _), outcomes in self.seen.items()
                for outcome in outcomes
                if partition == chunk.partition and outcome.kind is Kind.DEAD_LETTER
            ),
            epoch,
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
        known = self._runs()
        return known + [run for window in self._windows(known) for run in window.runs()]

    def held_runs(self) -> list[Run]:
        """What a scan sees of the outputs alone."""
        return [run for window in self._windows(self._runs()) for run in window.held()]

    def _runs(self) -> list[Run]:
        known = list(self.runs)
        for partition, one in enumerate(self.partitions):
            if one.committed is not None and one.metadata is not None:
                known.append(open_run(partition, one.committed, one.metadata, self.state))
        return known

    def _windows(self, known: list[Run]) -> Iterator[Window]:
        resets = reset_partitions(self.runs)
        for partition, one in enumerate(self.partitions):
            own = [run for run in known if run.source_partition == partition]
            first = min((run.from_offset for run in own), default=0)
            before_the_first = [(0, first)] if first else []
            whole = before_the_first + gaps(own, one.committed or 0)
            if partition in resets:
                whole = [(0, one.end)]
            for start, end in whole:
                yield self._look(partition, start, end)

    def _look(self, partition: int, start: int, end: int) -> Window:
        window = Window(partition, start, end)
        window.mark_records(range(-(-start // STEP) * STEP, end, STEP))
        for (p, _), outcomes in self.seen.items():
            for outcome in outcomes:
                if p == partition:
                    window.see(outcome)
        return window

    def _emit(self, partition: int, offset: int, epoch: int, version: str, kind: Kind) -> None:
        self.seen[partition, offset].append(Outcome(offset, epoch, version, kind))

    def in_force_naively(self) -> dict[tuple[int, int], str | None]:
        """For each event whose outcome of the highest epoch is a probability: its model."""
        newest = {key: max(seen, key=lambda one: one.epoch) for key, seen in self.seen.items()}
        return {
            key: one.model_version for key, one in newest.items() if one.kind is Kind.PROBABILITY
        }

    def held_naively(self) -> dict[tuple[int, int], str | None]:
        """For each event the model whose number a reader holds; withdrawn ones are left out."""
        held: dict[tuple[int, int], str | None] = {}
        for key, outcomes in self.seen.items():
            outputs = [one for one in outcomes if one.kind is not Kind.DEAD_LETTER]
            newest = max(outputs, key=lambda one: one.epoch, default=None)
            if newest is not None and newest.kind is Kind.PROBABILITY:
                held[key] = newest.model_version
        return held


def accepts(version: str, offset: int) -> bool:
    """Whether a model scores an event or refuses it: most refuse few, and not the same ones."""
    number = int(version[1:])
    return (offset // STEP + number) % 5 != 0
