"""The synthetic market as CSV files with the warehouse's columns (``sql/schema``)."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from creneau.sandbox.history import Bookings, History, make_history
from creneau.sandbox.market import Instructors, Market, MeetingPoints, make_market
from creneau.sandbox.slots import Slots
from producer_contract.errors import BadUseError

Column = Sequence[str]

COLUMNS: Final = {
    "lessons": (
        "lesson_id",
        "instructor_id",
        "meeting_point_id",
        "partnership_type",
        "lesson_created_at",
        "lesson_start_at",
        "lesson_deleted_at",
        "duration_minutes",
        "latitude",
        "longitude",
        "true_probability",
    ),
    "bookings": ("booking_id", "lesson_id", "booking_created_at", "booking_deleted_at"),
    "instructors": ("instructor_id", "partnership_type", "departement", "joined_at"),
    "meeting_points": (
        "meeting_point_id",
        "instructor_id",
        "mp_latitude",
        "mp_longitude",
        "departement",
    ),
}
"""The files (without ``.csv``) and their columns, in order. Times are RFC 3339, UTC."""


class CannotWriteMarketError(BadUseError):
    """The folder for the CSV files cannot be made or written."""


def write_market(out: Path, *, lessons: int, seed: int) -> list[Path]:
    """Write the market of ``seed`` and its history of that many lessons below ``out``.

    Returns:
        The four files written, in the order of ``COLUMNS``.

    Raises:
        CannotWriteMarketError: ``out`` cannot be written.
    """
    market = make_market(seed)
    tables = _tables(market, make_history(market, seed, lessons), seed)
    try:
        out.mkdir(parents=True, exist_ok=True)
        return [_write(out / f"{name}.csv", COLUMNS[name], tables[name]) for name in COLUMNS]
    except OSError as error:
        raise CannotWriteMarketError(
            f"the market cannot be written to {out}: {error.strerror}; give another --out"
        ) from error


def _tables(market: Market, history: History, seed: int) -> dict[str, list[Column]]:
    lesson_ids = [f"lesson-{seed}-{i:08d}" for i in range(len(history.lessons))]
    return {
        "lessons": _lessons(market, history.lessons, lesson_ids),
        "bookings": _bookings(history.bookings, lesson_ids, seed),
        "instructors": _instructors(market.instructors),
        "meeting_points": _meeting_points(market.points, market.instructors),
    }


def _lessons(market: Market, lessons: Slots, lesson_ids: list[str]) -> list[Column]:
    people, points = market.instructors, market.points
    return [
        lesson_ids,
        people.instructor_id[lessons.instructor].tolist(),
        points.meeting_point_id[lessons.point].tolist(),
        people.partnership_type[lessons.instructor].tolist(),
        _times(lessons.created_at),
        _times(lessons.lesson_start_at),
        # This market's lessons are never deleted; only their bookings are.
        [""] * len(lesson_ids),
        [str(minutes) for minutes in lessons.duration_minutes.tolist()],
        _numbers(points.latitude[lessons.point]),
        _numbers(points.longitude[lessons.point]),
        _numbers(lessons.true_probability),
    ]


def _bookings(bookings: Bookings, lesson_ids: list[str], seed: int) -> list[Column]:
    return [
        [f"booking-{seed}-{i:08d}" for i in range(len(bookings.lesson))],
        [lesson_ids[i] for i in bookings.lesson.tolist()],
        _times(bookings.booked_at),
        _times(bookings.cancelled_at),
    ]


def _instructors(people: Instructors) -> list[Column]:
    return [
        people.instructor_id.tolist(),
        people.partnership_type.tolist(),
        people.departement.tolist(),
        _times(people.joined_at),
    ]


def _meeting_points(points: MeetingPoints, people: Instructors) -> list[Column]:
    return [
        points.meeting_point_id.tolist(),
        people.instructor_id[points.instructor].tolist(),
        _numbers(points.latitude),
        _numbers(points.longitude),
        points.departement.tolist(),
    ]


def _times(times: NDArray[np.datetime64]) -> list[str]:
    """RFC 3339 in UTC with milliseconds; empty for NaT."""
    texts = np.datetime_as_string(times.astype("M8[ms]")).tolist()
    return ["" if text == "NaT" else text + "Z" for text in texts]


def _numbers(numbers: NDArray[np.float64]) -> list[str]:
    return [f"{number:.6f}" for number in numbers.tolist()]


def _write(path: Path, header: Iterable[str], columns: list[Column]) -> Path:
    # No field can hold a comma, a quote or a line break: all of them are ours.
    rows: Iterable[tuple[Any, ...]] = zip(*columns, strict=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(header) + "\n")
        file.writelines(",".join(row) + "\n" for row in rows)
    return path
