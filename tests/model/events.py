"""Slot-created messages for tests."""

import json
from typing import Any

from producer_contract.codec import SlotCreatedRecord, decode_slot_created

Message = tuple[bytes, bytes]
"""Key and value."""


def message(slot_id: str = "slot-1", **fields: Any) -> Message:
    """A valid message, Paris on a Monday evening, with some of its fields replaced."""
    event = {
        "schema_version": 1,
        "slot_id": slot_id,
        "instructor_id": "instructor-1",
        "partnership_type": "ME",
        "meeting_point_id": "point-1",
        "latitude": 48.8566,
        "longitude": 2.3522,
        "lesson_start_at": "2026-03-09T17:30:00Z",
        "created_at": "2026-03-02T09:30:00Z",
        "duration_minutes": 60,
        **fields,
    }
    return slot_id.encode(), json.dumps(event).encode()


def event(slot_id: str = "slot-1", **fields: Any) -> SlotCreatedRecord:
    """The same, decoded."""
    key, value = message(slot_id, **fields)
    return decode_slot_created(value, key)
