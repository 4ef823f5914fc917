"""The events as the decoder hands them over: plain records, checked once, cheap to make.

Same fields and meanings as the pydantic models in ``producer_contract.events`` (a test holds the
two together); times are in UTC with microseconds.
"""

from datetime import datetime

import msgspec


class SlotCreatedRecord(msgspec.Struct, frozen=True, gc=False):
    """A valid ``slot-created`` event."""

    schema_version: int
    slot_id: str
    instructor_id: str
    partnership_type: str
    meeting_point_id: str
    latitude: float
    longitude: float
    lesson_start_at: datetime
    created_at: datetime
    duration_minutes: int


class SlotProbabilityRecord(msgspec.Struct, frozen=True, gc=False):
    """A valid ``slot-probability`` event; ``probability`` None is a withdrawal."""

    schema_version: int
    slot_id: str
    probability: float | None
    model_version: str
    epoch: int
    source_partition: int
    source_offset: int
    lesson_start_at: datetime | None
    scored_at: datetime
    replay_id: str | None
