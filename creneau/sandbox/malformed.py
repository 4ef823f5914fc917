"""Events that a slot app should never publish: each kind leads to one dead-letter code."""

import json
from collections.abc import Callable
from typing import Any, Final

Event = dict[str, Any]


def _not_json(event: Event) -> bytes:
    return json.dumps(event).encode()[:-20]


def _unsupported_version(event: Event) -> bytes:
    return _changed(event, schema_version=2)


def _missing_field(event: Event) -> bytes:
    return json.dumps({k: v for k, v in event.items() if k != "meeting_point_id"}).encode()


def _bad_field(event: Event) -> bytes:
    return _changed(event, duration_minutes="one hour")


def _bad_time(event: Event) -> bytes:
    return _changed(event, lesson_start_at="tomorrow at ten")


def _outside_globe(event: Event) -> bytes:
    return _changed(event, latitude=181.5)


def _starts_before_created(event: Event) -> bytes:
    return _changed(event, lesson_start_at="2001-01-01T08:00:00Z")


def _key_mismatch(event: Event) -> bytes:
    return _changed(event, slot_id="another-" + event["slot_id"])


def _changed(event: Event, **fields: Any) -> bytes:
    return json.dumps(event | fields).encode()


KINDS: Final[dict[str, Callable[[Event], bytes]]] = {
    "not-json": _not_json,
    "unsupported-version": _unsupported_version,
    "missing-field": _missing_field,
    "bad-field": _bad_field,
    "bad-time": _bad_time,
    "outside-globe": _outside_globe,
    "starts-before-created": _starts_before_created,
    "key-mismatch": _key_mismatch,
}
"""By the dead-letter code it leads to; the message key stays the slot's id."""

CODES: Final = tuple(KINDS)


def malformed(value: bytes, code: str) -> bytes:
    """A well-formed slot-created ``value`` made into one that is refused with ``code``."""
    return KINDS[code](json.loads(value))
