"""The source events of a range, from Kafka or, past its retention, from an archive."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from confluent_kafka import Message
from confluent_kafka.admin import AdminClient

from broker.clients import new_admin
from broker.errors import SourceGoneError
from broker.log import log_starts, new_range_reader, read_range
from broker.messages import headers_of
from broker.records import Headers, SourceRecord
from broker.settings import KafkaSettings
from ledger.records import Interval
from replay.errors import SourceRangesGoneError

BATCH = 5_000

FRESH_SECONDS = 1.0
"""How long an answer where a log starts is used again: a chunk takes 0.3 s, the question 0.01."""


class Archive(Protocol):
    """Where source events can be had once Kafka has let them go: original bytes and offsets."""

    def missing(self, interval: Interval) -> list[Interval]:
        """The parts of ``interval`` that the archive cannot vouch for; empty: it has all of it."""
        ...

    def read(self, interval: Interval) -> Iterator[SourceRecord]:
        """Every source record of the interval, in offset order.

        Raises an ``UnavailableError`` where it cannot; never leaves a record out in silence.
        """
        ...


@dataclass(frozen=True, slots=True)
class SourceBatch:
    """Source records as columns. ``timestamp_ms(i)`` and ``headers(i)`` give those of the i-th; few
    are ever asked for."""

    offsets: Sequence[int]
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    timestamp_ms: Callable[[int], int]
    headers: Callable[[int], Headers]
    archived: bool = False


class SourceReader:
    """Reads ranges of ``slot-created``. Close it after use."""

    def __init__(
        self, kafka: KafkaSettings, archive: Archive | None = None, *, queue_kbytes: int = 16_384
    ) -> None:
        self._topic = kafka.names.slot_created
        self._admin = new_admin(kafka)
        self._archive = archive
        self._consumer = new_range_reader(kafka, queue_kbytes=queue_kbytes)
        self._log_starts: dict[int, tuple[float, int]] = {}

    def read(self, interval: Interval) -> Iterator[SourceBatch]:
        """The records of ``interval`` in offset order, in batches.

        Where the log starts is asked at the beginning, not taken from a plan: it moves. When it
        moves past the range in the middle, or did so since it was last asked, Kafka refuses the
        read.

        Raises:
            SourceRangesGoneError: part of it is past retention and no archive has it.
            SourceGoneError: it passed retention while it was being read; read it again.
        """
        gone, kept = split_at(interval, self.log_start(interval.partition))
        if gone is not None:
            yield from self._read_archive(gone)
        if kept is not None:
            try:
                for messages in read_range(
                    self._consumer, self._topic, kept.partition, kept.from_offset, kept.to_offset
                ):
                    yield from _batches(messages)
            except SourceGoneError:
                self._log_starts.clear()
                raise

    def log_start(self, partition: int) -> int:
        """The first offset that Kafka still keeps, as of ``FRESH_SECONDS`` ago at the most."""
        asked_at, start = self._log_starts.get(partition, (-FRESH_SECONDS, 0))
        if time.monotonic() >= asked_at + FRESH_SECONDS:
            start = log_starts(self._admin, self._topic, [partition])[partition]
            self._log_starts[partition] = (time.monotonic(), start)
        return start

    def close(self) -> None:
        """Let the client go."""
        self._consumer.close()

    def _read_archive(self, gone: Interval) -> Iterator[SourceBatch]:
        refuse_gone([gone], self._archive)
        assert self._archive is not None
        records: list[SourceRecord] = []
        for record in self._archive.read(gone):
            records.append(record)
            if len(records) == BATCH:
                yield _archived(records)
                records = []
        if records:
            yield _archived(records)


def split_at(interval: Interval, log_start: int) -> tuple[Interval | None, Interval | None]:
    """The part of an interval that Kafka has let go, and the part that it keeps."""
    partition, start, end = interval
    edge = min(max(start, log_start), end)
    gone = Interval(partition, start, edge) if start < edge else None
    kept = Interval(partition, edge, end) if edge < end else None
    return gone, kept


def gone_ranges(
    kafka: KafkaSettings, admin: AdminClient, affected: Sequence[Interval]
) -> list[Interval]:
    """What of the affected ranges is past Kafka's retention now."""
    partitions = {interval.partition for interval in affected}
    starts = log_starts(admin, kafka.names.slot_created, partitions)
    parts = (split_at(interval, starts[interval.partition])[0] for interval in affected)
    return [gone for gone in parts if gone is not None]


def missing_ranges(gone: Sequence[Interval], archive: Archive | None) -> list[Interval]:
    """What of the ranges that Kafka has let go no archive has either.

    Raises:
        UnavailableError: the archive does not answer.
    """
    if archive is None:
        return list(gone)
    return [missing for one in gone for missing in archive.missing(one)]


def named(ranges: Sequence[Interval], most: int = 5) -> str:
    """Ranges as a person reads them: partition:[from, to)."""
    first = ", ".join(f"{p}:[{start}, {end})" for p, start, end in ranges[:most])
    return first + (f" and {len(ranges) - most} more" if len(ranges) > most else "")


def refuse_gone(gone: Sequence[Interval], archive: Archive | None) -> None:
    """See that an archive has the ranges that Kafka has let go.

    Raises:
        SourceRangesGoneError: names those that nobody has.
    """
    missing = missing_ranges(gone, archive)
    if not missing:
        return
    whose = "there is no archive" if archive is None else "the archive does not have them"
    raise SourceRangesGoneError(
        f"source events are past Kafka's retention and {whose}: partition:[from, to) "
        f"{named(missing)}; replay the rest with --partitions, or with --published-from later than "
        "the first event that is still kept"
    )


def _batches(messages: Sequence[Message]) -> Iterator[SourceBatch]:
    for first in range(0, len(messages), BATCH):
        part = messages[first : first + BATCH]
        yield SourceBatch(
            [message.offset() or 0 for message in part],
            [message.key() for message in part],
            [message.value() for message in part],
            lambda place, part=part: part[place].timestamp()[1],  # type: ignore[misc]
            lambda place, part=part: headers_of(part[place]),  # type: ignore[misc]
        )


def _archived(records: Sequence[SourceRecord]) -> SourceBatch:
    return SourceBatch(
        [record.offset for record in records],
        [record.key for record in records],
        [record.value for record in records],
        lambda place: records[place].timestamp_ms,
        lambda place: records[place].headers,
        archived=True,
    )
