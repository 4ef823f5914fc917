"""What the vectors cannot say: encoding, the models in Python, one source for two decoders."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any

import msgspec
import numpy as np
import pytest
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from producer_contract import codec
from producer_contract.codec import (
    decode_slot_created,
    decode_slot_probability,
    encode_slot_created,
    encode_slot_probability,
)
from producer_contract.compiled import CompiledModel
from producer_contract.events import SlotCreated, SlotProbability
from producer_contract.judge import NESTING_NEEDS_BYTES
from producer_contract.records import SlotCreatedRecord, SlotProbabilityRecord
from producer_contract.times import format_instant

PARIS_WINTER = timezone(timedelta(hours=1))


def a_slot(**changes: Any) -> SlotCreated:
    fields: dict[str, Any] = {
        "schema_version": 1,
        "slot_id": "slot-1",
        "instructor_id": "instructor-1",
        "partnership_type": "SASU",
        "meeting_point_id": "point-1",
        "latitude": 48.8566,
        "longitude": 2.3522,
        "lesson_start_at": datetime(2026, 12, 5, 10, tzinfo=PARIS_WINTER),
        "created_at": datetime(2026, 11, 24, 10, 15, 30, 250_999, tzinfo=UTC),
        "duration_minutes": 60,
    }
    return SlotCreated(**fields | changes)


def a_probability(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "slot_id": "slot-1",
        "probability": 0.73,
        "model_version": "m1",
        "epoch": 17,
        "source_partition": 3,
        "source_offset": 9,
        "lesson_start_at": datetime(2026, 12, 5, 9, tzinfo=UTC),
        "scored_at": datetime(2026, 11, 24, 10, 15, 30, 312_999, tzinfo=UTC),
        "replay_id": None,
    }
    return encode_slot_probability(**fields | changes)


def test_a_slot_is_written_in_utc_with_milliseconds() -> None:
    value = encode_slot_created(a_slot())
    assert b'"lesson_start_at":"2026-12-05T09:00:00.000Z"' in value
    assert b'"created_at":"2026-11-24T10:15:30.250Z"' in value


def test_a_slot_survives_the_way_there_and_back() -> None:
    record = decode_slot_created(encode_slot_created(a_slot()), b"slot-1")
    assert record.lesson_start_at == datetime(2026, 12, 5, 9, tzinfo=UTC)
    assert encode_slot_created(record) == encode_slot_created(a_slot())


def test_a_probability_survives_the_way_there_and_back() -> None:
    record = decode_slot_probability(a_probability())
    assert (record.probability, record.epoch, record.source_offset) == (0.73, 17, 9)
    assert record.scored_at == datetime(2026, 11, 24, 10, 15, 30, 312_000, tzinfo=UTC)


def test_a_withdrawal_survives_the_way_there_and_back() -> None:
    record = decode_slot_probability(a_probability(probability=None, lesson_start_at=None))
    assert record.probability is None
    assert record.lesson_start_at is None


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -0.01, 1.01])
def test_what_is_not_a_probability_is_never_written(wrong: float) -> None:
    with pytest.raises(ValueError, match="not a probability"):
        a_probability(probability=wrong)


def test_a_probability_needs_the_start_of_its_lesson() -> None:
    with pytest.raises(ValueError, match="lesson_start_at"):
        a_probability(lesson_start_at=None)


def test_a_number_from_numpy_is_written_like_any_other() -> None:
    assert a_probability(probability=np.float64(0.25)) == a_probability(probability=0.25)


def test_what_we_write_pydantic_reads() -> None:
    SlotProbability.model_validate_json(a_probability())
    SlotProbability.model_validate_json(a_probability(probability=None))
    assert SlotCreated.model_validate_json(encode_slot_created(a_slot())).slot_id == "slot-1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"latitude": 90.1},
        {"latitude": "48"},
        {"slot_id": ""},
        {"duration_minutes": 60.0},
        {"created_at": datetime(2026, 11, 24, 10)},
        {"lesson_start_at": datetime(2026, 11, 1, tzinfo=UTC)},
        {"lesson_start_at": datetime(2036, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_slot_that_would_be_refused_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_slot(**wrong)


def test_a_slot_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        a_slot().slot_id = "slot-2"


@pytest.mark.parametrize(
    "instant",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 11, 24, 10, tzinfo=UTC),
        datetime(2026, 11, 24, 10, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 11, 24, 10, 0, 0, 120_000, tzinfo=PARIS_WINTER),
    ],
)
def test_times_are_written_as_isoformat_would(instant: datetime) -> None:
    expected = instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert format_instant(instant) == expected


@pytest.mark.parametrize(
    ("model", "record"),
    [(SlotCreated, SlotCreatedRecord), (SlotProbability, SlotProbabilityRecord)],
)
def test_records_have_the_fields_of_the_models_in_their_order(
    model: type[BaseModel], record: type[msgspec.Struct]
) -> None:
    assert record.__struct_fields__ == tuple(model.model_fields)


def test_the_shortest_valid_event_leaves_no_room_for_deep_nesting() -> None:
    shortest = (
        b'{"schema_version":1,"slot_id":"1","instructor_id":"1","partnership_type":"1",'
        b'"meeting_point_id":"1","latitude":1,"longitude":1,'
        b'"lesson_start_at":"2026-12-05T09:00:00Z","created_at":"2026-11-24T10:15:30Z",'
        b'"duration_minutes":1}'
    )
    assert decode_slot_created(shortest, b"1").slot_id == "1"
    too_deep = shortest[:-1] + b',"":' + b"[" * 128 + b"]" * 128 + b"}"
    assert len(too_deep) > NESTING_NEEDS_BYTES
    with pytest.raises(codec.Refusal, match="nested"):
        decode_slot_created(too_deep, b"1")


def test_a_probability_is_never_short_enough_to_hide_deep_nesting() -> None:
    shortest = (
        b'{"schema_version":1,"slot_id":"1","probability":null,"model_version":"1","epoch":1,'
        b'"source_partition":1,"source_offset":1,"lesson_start_at":null,'
        b'"scored_at":"2026-11-24T10:15:30Z","replay_id":null}'
    )
    assert decode_slot_probability(shortest).slot_id == "1"
    assert len(shortest) + 2 * 128 > NESTING_NEEDS_BYTES


def test_a_constraint_that_the_decoder_cannot_keep_fails_at_import() -> None:
    class Lost(BaseModel):
        name: Annotated[str, Field(pattern="a+")]

    class Odd(BaseModel):
        name: Annotated[str, AfterValidator(str.strip)]

    class Unknown(BaseModel):
        name: dict[str, int]

    for model in (Lost, Odd, Unknown):
        with pytest.raises(TypeError):
            CompiledModel(model)
