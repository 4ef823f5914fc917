"""What a replay would correct, without doing anything: reads only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from confluent_kafka.admin import AdminClient

from broker.clients import new_admin
from broker.groups import committed
from broker.log import partitions_of
from broker.settings import KafkaSettings
from ledger.fold import LedgerState, Replay
from ledger.in_force import in_force_map
from ledger.records import Interval, Selection, utc_text
from ledger.runs import Run, RunsReader, of_replay, read_runs
from replay.certificate import union_of_runs
from replay.chunk_scorer import Load
from replay.counts import Counted, count_events
from replay.errors import NotRevokedError
from replay.fence import standings
from replay.knowledge import Knowledge, read_knowledge
from replay.plan import affected_ranges, cut, make_plan
from replay.request import refuse_unusable_models
from replay.sampling import edges, read_events, sample_places, still_had
from replay.selection import selected_offsets
from replay.shift import ScoredTwice, Shift, score_twice, shift_of
from replay.source import Archive, SourceReader, gone_ranges, missing_ranges

ASSUMED_RATE: Final = 50_000.0
"""Events per second, while no replay has shown another rate. One executor made 162,000 alone on two
cores and 88,000 beside live scoring (``bench.replay``, 2026-11-29)."""

RECENT_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Preview:
    """``published``: Kafka's timestamps of the first and the last affected event (milliseconds);
    None where none is kept. ``lessons_ahead`` is estimated from the sample. ``rate_assumed``: no
    replay has shown yet how fast one is here. ``gone``: affected ranges that neither Kafka nor the
    archive has: a replay of them is refused."""

    affected: Counted
    to_scan: tuple[int, ...]
    published: tuple[int | None, int | None]
    lessons_ahead: int | None
    estimated_seconds: float
    rate_assumed: bool
    shift: Shift
    gone: tuple[Interval, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether a replay would find nothing to do."""
        return not self.affected.by_partition and not self.to_scan

    def as_json(self) -> dict[str, Any]:
        """The object of the names page; ``estimated`` says that a selection cuts a run."""
        first, last = self.published
        return {
            "affected": self.affected.events,
            "estimated": self.affected.estimated,
            "to_scan": list(self.to_scan),
            "by_partition": {str(p): round(n) for p, n in self.affected.by_partition.items()},
            "by_model": {version: round(n) for version, n in self.affected.by_model.items()},
            "published_from": _moment(first),
            "published_to": _moment(last),
            "lessons_ahead": self.lessons_ahead,
            "estimated_seconds": round(self.estimated_seconds, 1),
            "rate_assumed": self.rate_assumed,
            "gone": [list(interval) for interval in self.gone],
            "sample": self.shift.as_json(),
        }


def preview(
    kafka: KafkaSettings,
    state: LedgerState,
    load: Load,
    *,
    from_models: Sequence[str],
    with_model: str,
    selection: Selection,
    archive: Archive | None = None,
) -> Preview:
    """What replaying these models (none named: every model ever revoked) would correct.

    The models need not be revoked yet. Partitions whose runs have gaps are named, not scanned.

    Raises:
        UnknownVersionError, UnusableReplacementError: a version is not on the ledger, or the
            replacement may not score.
        NotRevokedError: none is named, and none was ever revoked.
        ModelUnusable: one of the models cannot be loaded.
        UnavailableError: the archive is needed and does not answer.
    """
    chosen = frozenset(from_models) or state.revoked
    refuse_unusable_models(state, chosen, with_model)
    if not chosen:
        raise NotRevokedError("no model was ever revoked: say which one, --from-model VERSION")
    admin = new_admin(kafka)
    knowledge, rate = _read_runs(kafka, admin, state)
    ranges: Mapping[int, Sequence[tuple[int, int]]] = affected_ranges(knowledge.runs, chosen)
    if selection != Selection():
        ranges = cut(ranges, selected_offsets(kafka, selection))
    affected = make_plan(ranges, {}).affected
    counted = count_events(affected, knowledge.runs)
    gone = missing_ranges(gone_ranges(kafka, admin, affected), archive)
    there = still_had(affected, gone)
    source = SourceReader(kafka, archive)
    try:
        ends = read_events(source, edges(there))
        sample = read_events(source, sample_places(there))
    finally:
        source.close()
    scored = score_twice(sample, in_force_map(knowledge.runs), state, load, chosen, with_model)
    times = [event.timestamp_ms for event in ends]
    return Preview(
        affected=counted,
        to_scan=tuple(sorted(knowledge.to_scan)),
        published=(min(times, default=None), max(times, default=None)),
        lessons_ahead=_ahead(counted, scored),
        estimated_seconds=counted.events / (rate or ASSUMED_RATE),
        rate_assumed=rate is None,
        shift=shift_of(scored),
        gone=tuple(gone),
    )


def canary_shift(
    kafka: KafkaSettings,
    state: LedgerState,
    load: Load,
    replay: Replay,
    archive: Archive | None = None,
) -> Shift:
    """How the probabilities of what a replay has corrected so far change, on a sample.

    Raises:
        UnavailableError: the archive is needed and does not answer.
    """
    runs = read_runs(kafka)
    done = union_of_runs(of_replay(runs, replay.replay_id))
    before = in_force_map(run for run in runs if run.epoch < replay.epoch)
    gone = missing_ranges(gone_ranges(kafka, new_admin(kafka), done), archive)
    source = SourceReader(kafka, archive)
    try:
        sample = read_events(source, sample_places(still_had(done, gone)))
    finally:
        source.close()
    request = replay.request
    return shift_of(
        score_twice(sample, before, state, load, frozenset(request.from_models), request.with_model)
    )


def _ahead(counted: Counted, scored: Sequence[ScoredTwice]) -> int | None:
    """How many of the affected lessons have yet to begin."""
    if not scored:
        return None
    now = datetime.now(UTC)
    ahead = sum(one.lesson_start_at > now for one in scored)
    return round(counted.events * ahead / len(scored))


def _read_runs(
    kafka: KafkaSettings, admin: AdminClient, state: LedgerState
) -> tuple[Knowledge, float | None]:
    """What is known of the partitions, and the present rate: all of the runs are read, once."""
    topic = kafka.names.slot_created
    answers = committed(
        admin, kafka.names.worker_group, topic, partitions_of(admin, topic), require_stable=False
    )
    reader = RunsReader(kafka)
    try:
        knowledge = read_knowledge(kafka, state, standings(answers), reader)
        return knowledge, present_rate(zip(reader.written_ms, reader.runs, strict=True))
    finally:
        reader.close()


def present_rate(timed: Iterable[tuple[int, Run]]) -> float | None:
    """Events per second in the last minute of work of the newest replay that shows any: one of a
    single chunk does not. None: none does. Pure.

    ``timed``: all runs in log order, each with when it was written (milliseconds since 1970).
    """
    replays: dict[str, list[tuple[int, int]]] = {}
    for at, run in timed:
        if run.replay_id is not None:
            replays.setdefault(run.replay_id, []).append((at, run.events))
    for written in reversed(replays.values()):
        last_at = written[-1][0]
        recent = [(at, events) for at, events in written if at > last_at - RECENT_MS]
        seconds = (last_at - recent[0][0]) / 1_000
        events = sum(count for _, count in recent[1:])
        if seconds > 0 and events:
            return events / seconds
    return None


def _moment(timestamp_ms: int | None) -> str | None:
    if timestamp_ms is None:
        return None
    return utc_text(datetime.fromtimestamp(timestamp_ms / 1_000, UTC))
