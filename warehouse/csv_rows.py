"""Rows of a CSV file, checked one by one: what becomes of each column, and why a row is refused.

The columns are those of ``creneau sandbox market``; others are not looked at.
"""

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from producer_contract.errors import BadUseError
from producer_contract.times import parse_instant


class FileUnreadableError(BadUseError):
    """The file is not there, not CSV in UTF-8, or lacks a column."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be loaded. ``line`` counts from 1, the header."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Row:
    """``values``: by the names of ``loading_rows``, as JSON takes them."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a column comes from: the file's name for it, and how its text is read.

    ``read`` raises ``ValueError`` with what is wrong. A column that may be empty may be absent.
    """

    column: str
    read: Callable[[str], Any]
    may_be_empty: bool = False


def _identifier(text: str) -> str:
    if len(text) > 64:
        raise ValueError("longer than 64 characters")
    return text


def _partnership_type(text: str) -> str:
    if len(text) > 32:
        raise ValueError("longer than 32 characters")
    return text


def _time(text: str) -> str:
    """RFC 3339 in the contract's form, as BigQuery takes it: UTC, microseconds."""
    return parse_instant(text).isoformat().replace("+00:00", "Z")


def _degrees(limit: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            degrees = float(text)
        except ValueError:
            raise ValueError("not a number") from None
        if not (math.isfinite(degrees) and abs(degrees) <= limit):
            raise ValueError(f"not between -{limit:.0f} and {limit:.0f} degrees")
        return degrees

    return read


def _minutes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1440):
        raise ValueError("not a whole number of minutes from 1 to 1440")
    return int(text)


SOURCES: Final[Mapping[str, Mapping[str, Source]]] = {
    "instructors": {
        "instructor_id": Source("instructor_id", _identifier),
        "partnership_type": Source("partnership_type", _partnership_type),
    },
    "meeting_points": {
        "meeting_point_id": Source("meeting_point_id", _identifier),
        "mp_latitude": Source("mp_latitude", _degrees(90)),
        "mp_longitude": Source("mp_longitude", _degrees(180)),
    },
    "lessons": {
        "lesson_id": Source("lesson_id", _identifier),
        "instructor_id": Source("instructor_id", _identifier),
        "meeting_point_id": Source("meeting_point_id", _identifier),
        "lesson_created_at": Source("lesson_created_at", _time),
        "lesson_start_at": Source("lesson_start_at", _time),
        "lesson_deleted_at": Source("lesson_deleted_at", _time, may_be_empty=True),
        "duration_minutes": Source("duration_minutes", _minutes, may_be_empty=True),
    },
    "bookings": {
        "booking_id": Source("booking_id", _identifier),
        "lesson_id": Source("lesson_id", _identifier),
        "booking_created_at": Source("booking_created_at", _time),
        "booking_deleted_at": Source("booking_deleted_at", _time, may_be_empty=True),
    },
}
"""By table, then by the column of ``loading_rows``."""


def read_rows(table: str, path: Path) -> Iterator[Row | Refused]:
    """Every row of the file for a table of ``SOURCES``, as it comes; memory does not grow.

    Raises:
        FileUnreadableError: see there.
    """
    sources = SOURCES[table]
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            reader = csv.reader(_in_utf8(file, path), strict=True)
            begins = 1
            try:
                header = next(reader, [])
                places = _places(header, sources, path)
                begins = reader.line_num + 1
                for fields in reader:
                    begins = reader.line_num + 1
                    if not fields:  # an empty line, mostly the last
                        continue
                    yield _checked(fields, reader.line_num, len(header), sources, places)
            except csv.Error as error:
                raise FileUnreadableError(
                    f"{path} is not a CSV file: the row that begins on line {begins}: {error}"
                ) from error
    except OSError as error:
        raise FileUnreadableError(f"{path} cannot be read: {error.strerror}") from error


def _in_utf8(lines: Iterable[str], path: Path) -> Iterator[str]:
    """The lines, each held against what ``surrogateescape`` has let through: a decoder that reads
    ahead could not name the line."""
    for number, line in enumerate(lines, 1):
        try:
            line.encode()
        except UnicodeEncodeError as error:
            byte = ord(line[error.start]) - 0xDC00
            raise FileUnreadableError(
                f"{path} is not in UTF-8: line {number} has the byte 0x{byte:02x}"
            ) from error
        yield line


def _places(header: list[str], sources: Mapping[str, Source], path: Path) -> dict[str, int | None]:
    missing = [
        source.column
        for source in sources.values()
        if not source.may_be_empty and source.column not in header
    ]
    if missing:
        raise FileUnreadableError(
            f"{path} has no column {', '.join(missing)}; its columns must be those that creneau "
            "sandbox market writes"
        )
    return {
        name: header.index(source.column) if source.column in header else None
        for name, source in sources.items()
    }


def _checked(
    fields: list[str],
    line: int,
    width: int,
    sources: Mapping[str, Source],
    places: Mapping[str, int | None],
) -> Row | Refused:
    if len(fields) != width:
        return Refused(line, f"{len(fields)} values for {width} columns")
    values: dict[str, Any] = {}
    for name, source in sources.items():
        place = places[name]
        text = "" if place is None else fields[place]
        if not text:
            if not source.may_be_empty:
                return Refused(line, f"{source.column} is empty")
            values[name] = None
            continue
        try:
            values[name] = source.read(text)
        except ValueError as error:
            return Refused(line, f"{source.column} is {text[:60]!r}: {error}")
    return Row(line, values)
