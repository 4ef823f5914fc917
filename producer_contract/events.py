"""The two events that cross the border. These models are the single source of the schema.

The decoder (``producer_contract.codec``), the JSON Schema and the AsyncAPI document are all made
from them. Unknown fields are ignored; of duplicate keys in JSON the last counts. A value is at most
65,536 bytes of JSON in UTF-8.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from producer_contract.times import FORM, format_instant, in_utc, parse_instant, too_far_ahead

MAX_BYTES: Final = 65_536
"""The most bytes that the value of an event may have."""

KNOWN_PARTNERSHIP_TYPES: Final = ("EI", "EIRL", "EURL", "ME", "SARL", "SAS", "SASU")
"""The legal forms known today. Others are valid events; a model may know nothing of them."""


def _read_time(value: Any) -> Any:
    return parse_instant(value) if isinstance(value, str) else value


Instant = Annotated[
    datetime,
    BeforeValidator(_read_time),
    AfterValidator(in_utc),
    PlainSerializer(format_instant, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": f"^{FORM}$"}),
]
"""An instant: RFC 3339 with seconds and ``Z`` or ``±hh:mm``; in UTC once read."""

Identifier = Annotated[str, Field(min_length=1, max_length=64)]
Degrees = Annotated[float, Field(allow_inf_nan=False)]

_STRICT = ConfigDict(strict=True, frozen=True, extra="ignore")


class SlotCreated(BaseModel):
    """A driving-lesson slot was created. Published once per slot; its Kafka key is ``slot_id``.

    A slot that moves is a new slot with a ``slot_id`` of its own.
    """

    model_config = _STRICT

    schema_version: Literal[1] = Field(description="Version of this form.", examples=[1])
    slot_id: Identifier = Field(
        description="The slot, unique for ever; the warehouse's lesson_id. Also the message key.",
        examples=["slot-8f14e45f"],
    )
    instructor_id: Identifier = Field(
        description="Who teaches the lesson.", examples=["instructor-0042"]
    )
    partnership_type: str = Field(
        min_length=1,
        max_length=32,
        description="Legal form of the instructor's business; known: "
        + ", ".join(KNOWN_PARTNERSHIP_TYPES)
        + ". Others are accepted.",
        examples=["SASU"],
    )
    meeting_point_id: Identifier = Field(
        description="Where instructor and learner meet.", examples=["meeting-point-7"]
    )
    latitude: Degrees = Field(
        ge=-90, le=90, description="Of the meeting point, WGS 84, degrees.", examples=[48.8566]
    )
    longitude: Degrees = Field(
        ge=-180, le=180, description="Of the meeting point, WGS 84, degrees.", examples=[2.3522]
    )
    lesson_start_at: Instant = Field(
        description="When the lesson starts: not before created_at, at most 3 years after it.",
        examples=["2026-12-05T09:00:00.000Z"],
    )
    created_at: Instant = Field(
        description="When the slot was created.", examples=["2026-11-24T10:15:30.250Z"]
    )
    duration_minutes: int = Field(
        ge=1, le=1440, description="How long the lesson lasts, minutes.", examples=[60]
    )

    @model_validator(mode="after")
    def _starts_after_created(self) -> Self:
        if self.lesson_start_at < self.created_at:
            raise PydanticCustomError(
                "starts_before_created", "lesson_start_at is before created_at"
            )
        if too_far_ahead(self.lesson_start_at, self.created_at):
            raise PydanticCustomError(
                "too_far_ahead", "lesson_start_at is more than 3 years after created_at"
            )
        return self


class SlotProbability(BaseModel):
    """The probability that a slot gets booked, or the withdrawal of an earlier one.

    Apply it when (``source_offset``, ``epoch``) is not below the pair held for the slot.
    """

    model_config = _STRICT

    schema_version: Literal[1] = Field(description="Version of this form.", examples=[1])
    slot_id: Identifier = Field(
        description="The slot; also the message key.", examples=["slot-8f14e45f"]
    )
    probability: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = Field(
        description="That the slot gets booked, 0 to 1. null: withdrawn, the earlier one is void "
        "(a later epoch may bring a new one).",
        examples=[0.73],
    )
    model_version: Identifier = Field(
        description="The model it comes from; of a withdrawal, the model that replaced it.",
        examples=["2026-11-24-1f3a9c2e"],
    )
    epoch: int = Field(
        ge=0, description="The decision under which it was made; only grows.", examples=[17]
    )
    source_partition: int = Field(
        ge=0, description="Partition of the slot-created event it answers.", examples=[3]
    )
    source_offset: int = Field(
        ge=0, description="Offset of the slot-created event it answers.", examples=[120934]
    )
    lesson_start_at: Instant | None = Field(
        description="When the lesson starts, carried on. null only in a withdrawal whose event "
        "does not say.",
        examples=["2026-12-05T09:00:00.000Z"],
    )
    scored_at: Instant = Field(
        description="When it was made.", examples=["2026-11-24T10:15:30.312Z"]
    )
    replay_id: Identifier | None = Field(
        description="The replay that made it; null when scored live.", examples=[None]
    )

    @model_validator(mode="after")
    def _only_a_withdrawal_may_lack_its_start(self) -> Self:
        if self.probability is not None and self.lesson_start_at is None:
            raise PydanticCustomError(
                "start_missing", "lesson_start_at is null although a probability is given"
            )
        return self
