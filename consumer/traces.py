"""What a partition's live scoring left behind, when the group's offsets are gone.

Outputs and dead letters of source partition *p* stand in partition *p* of their topics, committed
together with the offsets: the highest source offset among the live ones is where scoring was.
"""

from collections.abc import Iterable, Sequence

from confluent_kafka import Message
from confluent_kafka.admin import AdminClient

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
from consumer.starting_point import Traces
from ledger.runs import Run, read_runs
from producer_contract.codec import Refusal, decode_slot_probability

FIRST_WINDOW = 2_000
"""Offsets looked at first, from the end; each further window is four times as long."""


def traces(kafka: KafkaSettings, partitions: Sequence[int]) -> dict[int, Traces]:
    """The traces of each partition, every log read to its end.

    Live outcomes are appended in the order of their source offsets, so the last one is the
    highest, and only the end of a log is read. Where an operator has moved the group that does not
    hold, and the whole partition is.
    """
    runs = [run for run in read_runs(kafka) if run.replay_id is None]
    moved = {run.source_partition for run in runs if run.reset}
    admin = new_admin(kafka)
    return {
        partition: Traces(
            run_end=_run_end(runs, partition),
            outcome_end=_outcome_end(kafka, admin, partition, whole=partition in moved),
        )
        for partition in partitions
    }


def _run_end(runs: Iterable[Run], partition: int) -> int | None:
    return max((run.to_offset for run in runs if run.source_partition == partition), default=None)


def _outcome_end(
    kafka: KafkaSettings, admin: AdminClient, partition: int, *, whole: bool
) -> int | None:
    names = kafka.names
    outputs = _last(kafka, admin, names.slot_probability, partition, whole=whole)
    dead = _last(kafka, admin, names.dead_letters, partition, whole=whole)
    known = [offset for offset in (outputs, dead) if offset is not None]
    return max(known) + 1 if known else None


def _last(
    kafka: KafkaSettings, admin: AdminClient, topic: str, partition: int, *, whole: bool
) -> int | None:
    """The highest source offset among the live outcomes of one partition of ``topic``."""
    if partition not in partitions_of(admin, topic):
        return None
    start = log_starts(admin, topic, [partition])[partition]
    end = high_watermarks(admin, topic, [partition])[partition]
    window = end - start if whole else FIRST_WINDOW
    consumer = new_range_reader(kafka)
    try:
        while end > start:
            begin = max(start, end - window)
            highest: int | None = None
            for batch in read_range(consumer, topic, partition, begin, end):
                found = [offset for offset in map(_live_source_offset, batch) if offset is not None]
                highest = max(found + ([highest] if highest is not None else []), default=None)
            if highest is not None:
                return highest
            end, window = begin, window * 4
    finally:
        consumer.close()
    return None


def _live_source_offset(message: Message) -> int | None:
    """The source offset of a live output or dead letter; None for a replay's or a stranger's."""
    letter = parse_dead_letter(headers_of(message))
    if letter is not None:
        return letter.offset if letter.replay_id is None else None
    try:
        output = decode_slot_probability(message.value())
    except Refusal:
        return None
    return output.source_offset if output.replay_id is None else None
