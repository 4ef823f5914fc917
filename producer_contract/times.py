"""Times as they cross the border: RFC 3339 in, UTC with microseconds inside, milliseconds out.

One form only is read: ``2026-11-24T10:00:00[.fraction](Z|±hh:mm)``. The libraries each accept more,
and each something else (a blank for the ``T``, seconds left out, ``+0100``, unix seconds), so the
form is ours and both the decoder and the pydantic models come here.
"""

import re
from calendar import isleap
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

FORM: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
"""The form as a regular expression, in the subset that every engine reads alike."""

_matches = re.compile(FORM).fullmatch
_parse = datetime.fromisoformat
_to_json = msgspec.json.Encoder().encode

MAX_YEARS_AHEAD: Final = 3
_ALWAYS_WITHIN = timedelta(days=365 * MAX_YEARS_AHEAD)


def parse_instant(text: str) -> datetime:
    """Read ``text`` as an instant in UTC; fraction digits past the sixth are cut, never rounded.

    Raises:
        ValueError: not that form, no such day, or outside the years 1 to 9999 in UTC.
    """
    if _matches(text) is None:
        raise ValueError("not an RFC 3339 time such as 2026-11-24T10:00:00Z")
    instant = _parse(text)
    if text[-1] == "Z":
        return instant
    return in_utc(instant)


def in_utc(instant: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        ValueError: it has no offset, or falls outside the years 1 to 9999.
    """
    if instant.tzinfo is None:
        raise ValueError("a time needs its offset from UTC")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("outside the years 1 to 9999 in UTC") from error


def format_instant(instant: datetime) -> str:
    """As we write times: UTC, ``Z``, milliseconds (cut). ``instant`` must know its offset."""
    if instant.tzinfo is not UTC:
        instant = in_utc(instant)
    # msgspec writes six digits, or none for a whole second, five times as fast as isoformat().
    text = _to_json(instant).decode()
    return text[1:24] + "Z" if instant.microsecond else text[1:20] + ".000Z"


def too_far_ahead(lesson_start_at: datetime, created_at: datetime) -> bool:
    """Whether the lesson starts more than three calendar years after the slot was created.

    A 29 February counts as 28 February in a year without one. Both instants are in UTC.
    """
    if lesson_start_at - created_at <= _ALWAYS_WITHIN:
        return False
    year = created_at.year + MAX_YEARS_AHEAD
    if year > datetime.max.year:
        return False
    day = created_at.day
    if created_at.month == 2 and day == 29 and not isleap(year):
        day = 28
    return lesson_start_at > created_at.replace(year=year, day=day)
