"""What is known of every source partition: closed runs, open runs, and what a scan has seen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from confluent_kafka import Message

from broker.clients import new_admin
from broker.dead_letters import parse_dead_letter
from broker.log import (
    high_watermarks,
    log_starts,
    new_range_reader,
    partitions_of,
    read_range,
)
from broker.messages import headers_of
from broker.settings import KafkaSettings
from ledger.fold import LedgerState
from ledger.in_force import by_partition, open_run, reset_partitions, without
from ledger.records import Interval
from ledger.runs import Run, RunsReader, read_runs
from producer_contract.codec import Refusal, decode_slot_probability
from replay.errors import UnexplainedGapError
from replay.fence import Standing
from replay.observed import Window
from replay.outcomes import read_outcomes
from replay.source import SourceReader, split_at
from replay.to_scan import first_offset, ranges_to_scan

WINDOW_OFFSETS: Final = 2_000_000
"""Offsets looked at in one pass over a partition's outcomes: about 30 MB of arrays."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """``runs``: the closed ones and the open ones. ``to_scan``: the ranges of which they do not
    tell, which only the outcomes on Kafka can."""

    runs: list[Run]
    to_scan: Mapping[int, Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan has seen, as runs: the outcomes of the highest epochs, and of the outputs alone
    those that readers hold."""

    runs: Sequence[Run] = ()
    held: Sequence[Run] = ()


def read_knowledge(
    kafka: KafkaSettings,
    state: LedgerState,
    standing: Mapping[int, Standing],
    reader: RunsReader | None = None,
) -> Knowledge:
    """Read the runs to their end as it is now, and find what they leave open.

    For a plan ``standing`` must be that of a closed fence, read before: what was then open is
    either still open as ``standing`` has it, or among the closed runs. ``reader``: one that has
    read most of them already.
    """
    closed = read_runs(kafka) if reader is None else reader.read_to_end()
    opened = [
        open_run(partition, one.offset, one.metadata, state) for partition, one in standing.items()
    ]
    runs = closed + [run for run in opened if not run.empty]
    return Knowledge(runs, _to_scan(kafka, runs, standing))


def scan(
    kafka: KafkaSettings,
    state: LedgerState,
    knowledge: Knowledge,
    fences: Mapping[int, int],
    say: Callable[[str], None],
) -> Scanned:
    """What the outcomes on Kafka say about the ranges to scan.

    Raises:
        UnexplainedGapError: source records below the fence have no outcome and no run.
    """
    runs: list[Run] = []
    held: list[Run] = []
    source = SourceReader(kafka)
    try:
        for partition, ranges in sorted(knowledge.to_scan.items()):
            say(f"partition {partition}: the runs have a gap, scanning its outputs")
            known = by_partition(knowledge.runs).get(partition, [])
            for start, end in _windows(ranges):
                window = _look(kafka, state, source, Interval(partition, start, end))
                refuse_unexplained(window, known, fences.get(partition, 0))
                runs += window.runs()
                held += window.held()
    finally:
        source.close()
    return Scanned(runs, held)


def _look(
    kafka: KafkaSettings, state: LedgerState, source: SourceReader, interval: Interval
) -> Window:
    window = Window(*interval)
    gone, kept = split_at(interval, source.log_start(interval.partition))
    if gone is not None:
        window.mark_unknown(gone.from_offset, gone.to_offset)
    if kept is not None:
        for batch in source.read(kept):
            window.mark_records(batch.offsets)
    for outcome in read_outcomes(kafka, interval.partition, state):
        window.see(outcome)
    return window


def refuse_unexplained(window: Window, known: Sequence[Run], fence: int) -> None:
    """See that each event of the window below the fence has an outcome, or a run. Pure.

    Raises:
        UnexplainedGapError: one has neither: names the first.
    """
    covered = [(run.from_offset, run.to_offset) for run in known]
    for start, end in without([(window.start, min(window.end, fence))], covered):
        silent = window.without_outcome()
        silent = silent[(silent >= start) & (silent < end)]
        if len(silent):
            raise UnexplainedGapError(
                f"partition {window.partition}: {len(silent)} events from offset {silent[0]} on "
                f"lie below the committed offset {fence} and were never scored: an operator has "
                f"moved the group past them; move it back to {silent[0]}, let the workers score "
                "them, then start again"
            )


def _windows(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [
        (low, min(low + WINDOW_OFFSETS, end))
        for start, end in ranges
        for low in range(start, end, WINDOW_OFFSETS)
    ]


def _to_scan(
    kafka: KafkaSettings, runs: Sequence[Run], standing: Mapping[int, Standing]
) -> dict[int, list[tuple[int, int]]]:
    fences = {partition: one.offset for partition, one in standing.items()}
    ends = high_watermarks(new_admin(kafka), kafka.names.slot_created, reset_partitions(runs))
    late = [p for p, own in by_partition(runs).items() if first_offset(own) > 0]
    outcomes = {partition: _earliest_outcome(kafka, partition) for partition in late}
    earliest = {partition: one for partition, one in outcomes.items() if one is not None}
    return ranges_to_scan(runs, fences, ends, earliest)


def _earliest_outcome(kafka: KafkaSettings, partition: int) -> int | None:
    """The source offset of the first outcome kept: before the first known run there may have been
    another, whose metadata expired with the group's offsets before it was ever closed."""
    admin = new_admin(kafka)
    consumer = new_range_reader(kafka)
    found = []
    try:
        for topic in (kafka.names.slot_probability, kafka.names.dead_letters):
            if partition not in partitions_of(admin, topic):
                continue
            start = log_starts(admin, topic, [partition])[partition]
            end = high_watermarks(admin, topic, [partition])[partition]
            for batch in read_range(consumer, topic, partition, start, end):
                offsets = [_source_offset(message) for message in batch[:1]]
                found += [offset for offset in offsets if offset is not None]
                break
    finally:
        consumer.close()
    return min(found, default=None)


def _source_offset(message: Message) -> int | None:
    letter = parse_dead_letter(headers_of(message))
    if letter is not None:
        return letter.offset
    try:
        return decode_slot_probability(message.value()).source_offset
    except Refusal:
        return None
