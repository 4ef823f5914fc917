"""From a Kafka record to a row of BigQuery, as NDJSON. Pure.

A row is made in two parts: what the record says, as soon as it is read; and the range that it is
loaded with, once that is planned. A record that makes no row is refused with the reason.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from broker.dead_letters import parse_dead_letter
from broker.records import Headers, SourceRecord
from producer_contract.codec import Refusal, decode_slot_created, decode_slot_probability
from warehouse.archive.plan import Span

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Row:
    """A row without its range. ``day``: of the table's partition; None: BigQuery's null one."""

    json: bytes
    day: date | None


class NoRowError(Exception):
    """The record makes no row of its table; the message says why."""


class _Header(msgspec.Struct):
    name: str
    value: bytes | None


class _SlotEvent(msgspec.Struct):
    source_partition: int
    source_offset: int
    published_at: datetime
    key: bytes | None
    value: bytes | None
    headers: list[_Header]
    code: str | None


class _DeadLetter(msgspec.Struct):
    source_partition: int
    source_offset: int
    epoch: int
    replay_id: str | None
    code: str
    reason: str
    version: str
    published_at: datetime
    key: bytes | None
    value: bytes | None
    headers: list[_Header]
    log_partition: int
    log_offset: int


class _SlotProbability(msgspec.Struct):
    slot_id: str
    probability: float | None
    model_version: str
    epoch: int
    source_partition: int
    source_offset: int
    lesson_start_at: datetime | None
    scored_at: datetime
    replay_id: str | None
    published_at: datetime
    log_partition: int
    log_offset: int


class _Refused(msgspec.Struct):
    topic: str
    log_partition: int
    log_offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: list[_Header]
    reason: str


def slot_event(record: SourceRecord) -> Row:
    """A row of ``slot_events``; events that the decoder refuses too, with its code."""
    published = _published_at(record)
    row = _SlotEvent(
        record.partition,
        record.offset,
        published,
        record.key,
        record.value,
        _headers(record.headers),
        _code(record),
    )
    return Row(_encode(row), published.date())


def dead_letter(record: SourceRecord) -> Row:
    """A row of ``dead_letters``."""
    published = _published_at(record)
    letter = parse_dead_letter(record.headers)
    if letter is None:
        raise NoRowError("its headers are not those of a dead letter of ours")
    row = _DeadLetter(
        letter.partition,
        letter.offset,
        letter.epoch,
        letter.replay_id,
        letter.code,
        letter.reason,
        letter.version,
        published,
        record.key,
        record.value,
        _headers(record.headers),
        record.partition,
        record.offset,
    )
    return Row(_encode(row), published.date())


def slot_probability(record: SourceRecord) -> Row:
    """A row of ``slot_probabilities``."""
    published = _published_at(record)
    try:
        output = decode_slot_probability(record.value)
    except Refusal as refusal:
        raise NoRowError(f"{refusal.code}: {refusal.reason}") from None
    row = _SlotProbability(
        output.slot_id,
        output.probability,
        output.model_version,
        output.epoch,
        output.source_partition,
        output.source_offset,
        output.lesson_start_at,
        output.scored_at,
        output.replay_id,
        published,
        record.partition,
        record.offset,
    )
    start = output.lesson_start_at
    return Row(_encode(row), None if start is None else start.date())


def refused(topic: str, record: SourceRecord, reason: str) -> bytes:
    """A row of ``archive_refused``, without its range."""
    return _encode(
        _Refused(
            topic,
            record.partition,
            record.offset,
            record.timestamp_ms,
            record.key,
            record.value,
            _headers(record.headers),
            reason,
        )
    )


def with_range(row: bytes, topic_id: bytes, span: Span) -> bytes:
    """The line that is sent: the row, its topic's id and the offsets that it was loaded with."""
    return b'%b,"topic_id":"%b","range_from":%d,"range_to":%d}\n' % (row[:-1], topic_id, *span)


MakeRow = Callable[[SourceRecord], Row]

MAKERS: Final[Mapping[str, MakeRow]] = {
    "slot_events": slot_event,
    "slot_probabilities": slot_probability,
    "dead_letters": dead_letter,
}
"""By table."""

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    table: (*struct.__struct_fields__, "topic_id", "range_from", "range_to")
    for table, struct in {
        "slot_events": _SlotEvent,
        "slot_probabilities": _SlotProbability,
        "dead_letters": _DeadLetter,
        "archive_refused": _Refused,
    }.items()
}
"""What the rows of each table have."""


def _published_at(record: SourceRecord) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=record.timestamp_ms)
    except OverflowError:
        raise NoRowError(
            f"its timestamp, {record.timestamp_ms} ms, lies outside the years 1 to 9999"
        ) from None


def _code(record: SourceRecord) -> str | None:
    try:
        decode_slot_created(record.value, record.key)
    except Refusal as refusal:
        return refusal.code
    return None


def _headers(headers: Headers) -> list[_Header]:
    return [_Header(name, value) for name, value in headers]
