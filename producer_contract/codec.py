"""Bytes to events and back. The decoder is the sole judge of a message: an event is valid when it
comes out of here.

One message at a time, never several joined into one array: joining lets one event inject another.
The short way takes about 2 µs per event; whatever does not pass it is judged in full by
``producer_contract.judge``, which finds the code and the reason.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from producer_contract.compiled import CompiledModel
from producer_contract.events import MAX_BYTES, SlotCreated, SlotProbability
from producer_contract.judge import NESTING_NEEDS_BYTES, judge, nested_too_deeply
from producer_contract.records import SlotCreatedRecord, SlotProbabilityRecord
from producer_contract.refusal import Defect, Refusal
from producer_contract.times import format_instant, parse_instant, too_far_ahead

__all__ = [
    "Refusal",
    "SlotCreatedRecord",
    "SlotProbabilityRecord",
    "decode_slot_created",
    "decode_slot_created_value",
    "decode_slot_probability",
    "encode_slot_created",
    "encode_slot_probability",
]

CREATED: Final = CompiledModel(SlotCreated)
PROBABILITY: Final = CompiledModel(SlotProbability)

_decode_created = CREATED.decode
_decode_probability = PROBABILITY.decode
_encode = msgspec.json.Encoder().encode
_NOT_THE_SHORT_WAY = (
    ValueError,
    TypeError,
    RecursionError,
)  # msgspec's and Unicode's are ValueErrors
_AT_ONCE = timedelta(0)
_WITHIN_THREE_YEARS = timedelta(days=3 * 365)


def decode_slot_created(value: bytes | None, key: bytes | None) -> SlotCreatedRecord:
    """The event of a ``slot-created`` message, from its value and its key.

    Raises:
        Refusal: the event is not valid; nothing else is ever raised for any bytes.
    """
    record = decode_slot_created_value(value)
    if key != record.slot_id.encode():
        shown = "absent" if key is None else repr(key[:64])
        raise Refusal("key-mismatch", f"the message key ({shown}) is not slot_id in UTF-8")
    return record


def decode_slot_created_value(value: bytes | None) -> SlotCreatedRecord:
    """The event of a ``slot-created`` value whose key is not at hand (a file, say).

    Raises:
        Refusal: the event is not valid, the key aside.
    """
    try:
        if value is not None and (
            len(value) < NESTING_NEEDS_BYTES
            or (len(value) <= MAX_BYTES and not nested_too_deeply(value))
        ):
            wire = _decode_created(value)
            start = parse_instant(wire.lesson_start_at)
            created = parse_instant(wire.created_at)
            if _AT_ONCE <= start - created <= _WITHIN_THREE_YEARS:
                return SlotCreatedRecord(
                    1,
                    wire.slot_id,
                    wire.instructor_id,
                    wire.partnership_type,
                    wire.meeting_point_id,
                    wire.latitude,
                    wire.longitude,
                    start,
                    created,
                    wire.duration_minutes,
                )
    except _NOT_THE_SHORT_WAY:
        pass
    return SlotCreatedRecord(**judge(CREATED, value, _created_clashes))


def decode_slot_probability(value: bytes | None) -> SlotProbabilityRecord:
    """The event of a ``slot-probability`` value.

    Raises:
        Refusal: it is not valid.
    """
    try:
        if value is not None and (
            len(value) < NESTING_NEEDS_BYTES
            or (len(value) <= MAX_BYTES and not nested_too_deeply(value))
        ):
            wire = _decode_probability(value)
            start = wire.lesson_start_at
            if start is not None or wire.probability is None:
                return SlotProbabilityRecord(
                    1,
                    wire.slot_id,
                    wire.probability,
                    wire.model_version,
                    wire.epoch,
                    wire.source_partition,
                    wire.source_offset,
                    None if start is None else parse_instant(start),
                    parse_instant(wire.scored_at),
                    wire.replay_id,
                )
    except _NOT_THE_SHORT_WAY:
        pass
    return SlotProbabilityRecord(**judge(PROBABILITY, value, _probability_clashes))


def encode_slot_created(event: SlotCreated | SlotCreatedRecord) -> bytes:
    """The value of a ``slot-created`` message; times in UTC with milliseconds (cut)."""
    return _encode(
        {
            "schema_version": 1,
            "slot_id": event.slot_id,
            "instructor_id": event.instructor_id,
            "partnership_type": event.partnership_type,
            "meeting_point_id": event.meeting_point_id,
            "latitude": event.latitude,
            "longitude": event.longitude,
            "lesson_start_at": format_instant(event.lesson_start_at),
            "created_at": format_instant(event.created_at),
            "duration_minutes": event.duration_minutes,
        }
    )


def encode_slot_probability(
    *,
    slot_id: str,
    probability: float | None,
    model_version: str,
    epoch: int,
    source_partition: int,
    source_offset: int,
    lesson_start_at: datetime | None,
    scored_at: datetime,
    replay_id: str | None,
) -> bytes:
    """The value of a ``slot-probability`` message; ``probability`` None withdraws.

    Raises:
        ValueError: the probability is not within 0 to 1 (NaN included: in JSON it would come out
            as null and read as a withdrawal), or has no ``lesson_start_at`` beside it.
    """
    if probability is not None:
        if not 0.0 <= probability <= 1.0:
            raise ValueError(f"{probability!r} for slot {slot_id!r} is not a probability")
        if lesson_start_at is None:
            raise ValueError(f"a probability for slot {slot_id!r} needs its lesson_start_at")
        probability = float(probability)
    return _encode(
        {
            "schema_version": 1,
            "slot_id": slot_id,
            "probability": probability,
            "model_version": model_version,
            "epoch": epoch,
            "source_partition": source_partition,
            "source_offset": source_offset,
            "lesson_start_at": None if lesson_start_at is None else format_instant(lesson_start_at),
            "scored_at": format_instant(scored_at),
            "replay_id": replay_id,
        }
    )


def _created_clashes(sound: Mapping[str, Any]) -> Iterator[Defect]:
    start, created = sound.get("lesson_start_at"), sound.get("created_at")
    if start is None or created is None:
        return
    if start < created:
        yield Defect("starts-before-created", "", "lesson_start_at is before created_at")
    elif too_far_ahead(start, created):
        yield Defect("bad-time", "", "lesson_start_at is more than 3 years after created_at")


def _probability_clashes(sound: Mapping[str, Any]) -> Iterator[Defect]:
    if sound.get("probability") is not None and sound.get("lesson_start_at", "bad") is None:
        yield Defect("bad-field", "", "lesson_start_at is null although a probability is given")
