"""Lessons with every corner in them, many of them, as rows for the warehouse and in memory.

Times are microseconds since 1970. Most starts are on the half hour, so that moments tie; a third of
the lessons take each of the corners below, and some starts sit on the edges of days and periods.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from tests.warehouse.plain_reports import OLDER, Booking, Lesson, Output

LESSONS = 210_000
SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

DELETED = (None, None, None, -1, 0, 1, -DAY, HOUR)
"""When a lesson was deleted, from its start; None: never."""

BOOKINGS: tuple[tuple[tuple[int, int | None], ...], ...] = (
    (),
    ((0, None),),
    ((1, None),),
    ((-DAY, None),),
    ((-DAY, 0),),
    ((-DAY, -1),),
    ((-DAY, 1),),
    ((-2 * DAY, -DAY), (-HOUR, None)),
    ((-2 * DAY, None), (-DAY, None)),
    ((-2 * DAY, None), (-DAY, -HOUR)),
    ((-2 * DAY, -DAY), (-DAY, -HOUR)),
    ((-DAY, -HOUR), (1, None)),
    ((0, 0),),
)
"""Bookings of a lesson: when each was made and cancelled, from the lesson's start."""

EDGES = tuple(
    int((datetime.fromisoformat(text) - EPOCH).total_seconds()) * SECOND + shift
    for text in (
        "2020-01-31T23:00:00+00:00",  # midnight in Paris, winter
        "2020-02-01T00:00:00+00:00",  # midnight in UTC
        "2020-03-29T00:30:00+00:00",  # the night of summer time
        "2020-06-30T22:00:00+00:00",  # midnight in Paris, summer: the third quarter begins
        "2020-07-01T00:00:00+00:00",
        "2020-09-01T22:00:00+00:00",  # the first of September ends
        "2020-09-30T22:00:00+00:00",  # the third quarter ends
        "2020-10-01T00:00:00+00:00",
    )
    for shift in (-1, 0, 1)
)

TYPES = ("EI", "EIRL", "EURL", "ME", "SARL", "SAS", "SASU", None)
DEPARTMENTS = ("01", "06", "13", "2A", "2B", "33", "59", "69", "75", "92", "971", "976", None)
NOBODYS_START = datetime(2020, 8, 1, tzinfo=UTC)
"""Of a slot without a lesson."""
PROBABILITIES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
"""Edges of bins among others."""
KNOWN_UNTIL = datetime(2020, 9, 15, 10, 30, tzinfo=UTC)


def moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def lessons(seed: int = 6, n: int = LESSONS) -> list[Lesson]:
    """n lessons from January to October 2020."""
    rng = np.random.default_rng(seed)
    first = int((datetime(2020, 1, 15, tzinfo=UTC) - EPOCH).total_seconds()) * SECOND
    starts = first + rng.integers(0, 280 * 48, n) * (HOUR // 2)
    on_edge = rng.random(n) < 0.02
    starts[on_edge] = rng.choice(EDGES, int(on_edge.sum()))
    # A few give most lessons; the first eight of them equally often, so that places tie.
    instructors = np.minimum(rng.exponential(60, n).astype(int), 400) // 8 * 8 + np.arange(n) % 8
    plain = rng.random(n) < 2 / 3
    deleted = np.where(plain, 0, rng.integers(0, len(DELETED), n))
    booked = np.where(plain, rng.choice([0, 3], n), rng.integers(0, len(BOOKINGS), n))
    types = rng.integers(0, len(TYPES), n)
    departments = rng.integers(0, len(DEPARTMENTS), n)
    columns = (starts, instructors, deleted, booked, types, departments)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [
        Lesson(
            lesson_id=f"lesson-{number * 7919 % n:06}",  # not in the order of anything else
            instructor_id=f"instructor-{who:03}",
            start_at=moment(start),
            deleted_at=None if (gone := DELETED[how]) is None else moment(start + gone),
            partnership_type=TYPES[kind],
            department_code=DEPARTMENTS[where],
            bookings=[
                Booking(moment(start + made), None if off is None else moment(start + off))
                for made, off in BOOKINGS[which]
            ],
        )
        for number, (start, who, how, which, kind, where) in enumerate(rows)
    ]


def outputs(of: list[Lesson], seed: int = 7) -> list[Output]:
    """What models said of twelve in thirteen lessons, replays and withdrawals among it."""
    rng = np.random.default_rng(seed)
    found = []
    kinds = rng.integers(0, 13, len(of)).tolist()
    offered = np.where(
        rng.random((len(of), 2)) < 0.3,
        rng.choice(PROBABILITIES, (len(of), 2)),
        rng.random((len(of), 2)),
    ).tolist()
    for offset, (lesson, kind, (one, two)) in enumerate(zip(of, kinds, offered, strict=True)):
        slot = lesson.lesson_id
        if kind < 10:
            moved = timedelta(days=(-90, -1, 1, 30)[offset % 4]) if kind == 7 else timedelta()
            version = "sound" if kind < 3 else "corrupted"
            found.append(Output(slot, version, one, offset, 3, moved))
        if kind == 3:  # replayed
            found.append(Output(slot, "sound", two, offset, 9))
        if kind == 4:  # withdrawn by a replay
            found.append(Output(slot, "sound", None, offset, 9))
        if kind == 5:  # announced again, scored by the same version, and replayed by it too
            found.append(Output(slot, "corrupted", two, offset + len(of), 3))
            found.append(Output(slot, "corrupted", one / 2, offset, 5))
        if kind == 6:  # withdrawn by the same version, which cannot tell when the lesson is
            found.append(Output(slot, "corrupted", None, offset, 3, knows_start=False))
        if kind == 8:  # the same place and epoch twice on the log: the last counts
            found.append(Output(slot, "corrupted", two, offset, 3))
        if kind == 9:  # announced before for another day, and again for the day of now
            away = timedelta(days=(-60, 60)[offset % 2])
            found.insert(-1, Output(slot, "corrupted", two, offset - 1, 3, away))
        if kind >= 10:  # the topics were made anew: offsets and epochs begin at 0 again
            found.append(Output(slot, "corrupted", one, offset + len(of), 9, topic=OLDER))
            found.append(Output(slot, "of old", two, offset, 7, topic=OLDER))
        if kind == 10:
            found.append(Output(slot, "corrupted", two, 0, 1))
        if kind == 11:  # withdrawn since
            found.append(Output(slot, "sound", None, 0, 1))
    found.append(Output("a-slot-without-a-lesson", "sound", 0.5, 0, 3))
    return found


def lesson_rows(of: list[Lesson]) -> Iterator[dict[str, Any]]:
    for each in of:
        yield {
            "lesson_id": each.lesson_id,
            "instructor_id": each.instructor_id,
            "meeting_point_id": "somewhere",
            "lesson_start_at": _text(each.start_at),
            "lesson_created_at": _text(each.start_at - timedelta(days=3)),
            "lesson_deleted_at": _text(each.deleted_at),
            "partnership_type": each.partnership_type,
            "department_code": each.department_code,
        }


def booking_rows(of: list[Lesson]) -> Iterator[dict[str, Any]]:
    for each in of:
        for number, booking in enumerate(each.bookings):
            yield {
                "booking_id": f"{each.lesson_id}-{number}",
                "lesson_id": each.lesson_id,
                "booking_created_at": _text(booking.created_at),
                "booking_deleted_at": _text(booking.deleted_at),
                "lesson_start_at": _text(each.start_at),
            }


def output_rows(of: list[Output], lessons_: list[Lesson]) -> Iterator[dict[str, Any]]:
    starts = {each.lesson_id: each.start_at for each in lessons_}
    for number, each in enumerate(of):
        day = "2019-07-01" if each.topic == OLDER else "2020-01-01"
        yield {
            "slot_id": each.slot_id,
            "probability": each.probability,
            "model_version": each.model_version,
            "epoch": each.epoch,
            "source_partition": 0,
            "source_offset": each.source_offset,
            "lesson_start_at": _text(announced_start(each, starts)),
            "scored_at": "2020-01-01T00:00:00Z",
            "published_at": f"{day}T00:{number % 60:02}:00Z",
            "log_partition": 0,
            "log_offset": number,
            "topic_id": "z" if each.topic == OLDER else "t",
            "range_from": 0,
            "range_to": len(of),
        }


def announced_start(output: Output, starts: Mapping[str, datetime]) -> datetime | None:
    """The start that an output carries."""
    if not output.knows_start:
        return None
    return starts.get(output.slot_id, NOBODYS_START) + output.moved


def json_lines(rows: Iterator[dict[str, Any]]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


def _text(when: datetime | None) -> str | None:
    return None if when is None else f"{when:%Y-%m-%dT%H:%M:%S.%fZ}"
