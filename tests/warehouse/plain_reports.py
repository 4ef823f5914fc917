"""The reports once more, in plain Python over rows in memory: written from the issue's words, to be
compared with what the queries answer. Nothing here is shared with them."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
OLDER, NEWER = 0, 1
"""Topics of one name: the one that was deleted, and the one that was made anew."""


@dataclass(slots=True)
class Booking:
    created_at: datetime
    deleted_at: datetime | None


@dataclass(slots=True)
class Lesson:
    lesson_id: str
    instructor_id: str
    start_at: datetime
    deleted_at: datetime | None
    partnership_type: str | None
    department_code: str | None
    bookings: list[Booking] = field(default_factory=list)

    @property
    def day(self) -> date:
        return self.start_at.astimezone(PARIS).date()

    @property
    def deleted_before_start(self) -> bool:
        return self.deleted_at is not None and self.deleted_at < self.start_at

    @property
    def booked(self) -> bool:
        return any(booking.created_at <= self.start_at for booking in self.bookings)

    @property
    def given(self) -> bool:
        if self.deleted_before_start:
            return False
        for booking in self.bookings:
            if booking.created_at > self.start_at:
                continue
            if booking.deleted_at is not None and booking.deleted_at < self.start_at:
                continue
            return True
        return False


@dataclass(slots=True)
class Output:
    slot_id: str
    model_version: str
    probability: float | None
    source_offset: int
    epoch: int
    moved: timedelta = timedelta()
    """How far from the lesson's start of now it was announced."""
    knows_start: bool = True
    """False: a withdrawal that does not know when the lesson was."""
    topic: int = NEWER


def nth_lesson(
    lessons: Iterable[Lesson], first: date, last: date, *, nth: int, top: int, count_all: bool
) -> list[tuple[int, str, int, date | None, datetime | None, str | None]]:
    """Place, instructor, lessons in the period, day, start and identifier of the nth."""
    of: dict[str, list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        if lesson.given:
            of[lesson.instructor_id].append(lesson)
    in_period = {
        who: [each for each in theirs if first <= each.day <= last] for who, theirs in of.items()
    }
    best = sorted((-len(theirs), who) for who, theirs in in_period.items() if theirs)[:top]
    rows: list[tuple[int, str, int, date | None, datetime | None, str | None]] = []
    for place, (_, who) in enumerate(best, start=1):
        counted = of[who] if count_all else in_period[who]
        counted = sorted(counted, key=lambda each: (each.start_at, each.lesson_id))
        found = counted[nth - 1] if len(counted) >= nth else None
        rows.append(
            (
                place,
                who,
                len(in_period[who]),
                found.day if found else None,
                found.start_at if found else None,
                found.lesson_id if found else None,
            )
        )
    return rows


def lessons_by_department(
    lessons: Iterable[Lesson], first: date, last: date, types: list[str]
) -> dict[tuple[str, str | None], tuple[int, int, int]]:
    """By département and type: offered, deleted before their start, given."""
    offered: Counter[tuple[str, str | None]] = Counter()
    deleted: Counter[tuple[str, str | None]] = Counter()
    given: Counter[tuple[str, str | None]] = Counter()
    for lesson in lessons:
        if not first <= lesson.day <= last:
            continue
        if types and lesson.partnership_type not in types:
            continue
        where = (lesson.department_code or "outside France", lesson.partnership_type)
        offered[where] += 1
        deleted[where] += lesson.deleted_before_start
        given[where] += lesson.given
    return {where: (offered[where], deleted[where], given[where]) for where in offered}


def model_quality(
    lessons: Iterable[Lesson],
    outputs: Iterable[Output],
    first: date,
    last: date,
    known_until: datetime,
) -> dict[tuple[str, date], tuple[int, float, float, float, float]]:
    """By version and day: slots, mean probability, share booked, calibration error, Brier score."""
    by_id = {lesson.lesson_id: lesson for lesson in lessons}
    said: dict[tuple[str, str], Output] = {}
    for output in outputs:
        held = said.get((output.model_version, output.slot_id))
        if _counts(held, output):
            said[output.model_version, output.slot_id] = output
    pairs: dict[tuple[str, date], list[tuple[float, bool]]] = defaultdict(list)
    for (version, slot), output in said.items():
        lesson = by_id.get(slot)
        if lesson is None or output.probability is None:
            continue
        if first <= lesson.day <= last and lesson.start_at <= known_until:
            pairs[version, lesson.day].append((output.probability, lesson.booked))
    return {key: _quality(each) for key, each in pairs.items()}


def in_force(outputs: Iterable[Output]) -> dict[str, Output]:
    """By slot: the output in force, of outputs in the order of each log; none once withdrawn."""
    held: dict[str, Output] = {}
    for output in outputs:
        if _counts(held.get(output.slot_id), output):
            held[output.slot_id] = output
    return {slot: output for slot, output in held.items() if output.probability is not None}


def _counts(held: Output | None, offered: Output) -> bool:
    if held is None:
        return True
    if offered.topic != held.topic:
        return offered.topic > held.topic
    if offered.source_offset != held.source_offset:
        return offered.source_offset > held.source_offset
    return offered.epoch >= held.epoch


def _quality(pairs: list[tuple[float, bool]]) -> tuple[int, float, float, float, float]:
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for probability, booked in pairs:
        bins[min(math.floor(probability * 10), 9)].append((probability, booked))
    distance = 0.0
    for members in bins.values():
        distance += abs(sum(p for p, _ in members) - sum(b for _, b in members))
    n = len(pairs)
    return (
        n,
        sum(p for p, _ in pairs) / n,
        sum(b for _, b in pairs) / n,
        distance / n,
        sum((p - b) ** 2 for p, b in pairs) / n,
    )
