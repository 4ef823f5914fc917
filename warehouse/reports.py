"""The reports that the data team asks for: each a query of ``sql/reports`` and its values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from producer_contract.errors import BadUseError
from warehouse.queries import Query, Value, bytes_read, query, run

if TYPE_CHECKING:
    from google.cloud import bigquery

EARLIEST: Final = date(1900, 1, 1)
LATEST: Final = date(9999, 12, 30)
"""Within these a day has a beginning and an end as BigQuery's timestamps."""


class BadPeriodError(BadUseError):
    """A day that is none, or a period that ends before it begins."""


class UnknownPartnershipTypeError(BadUseError):
    """No lesson of the period is of a type that was asked for."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days in Paris, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"from {self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class Report:
    """A query and one value for each of its parameters."""

    query: Query
    values: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Table:
    """What a report found: the names of its columns, and rows in the report's order."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def period(first: str, last: str) -> Period:
    """The period of two days as text, both included.

    Raises:
        BadPeriodError: one is not a day (YYYY-MM-DD), or the last comes before the first.
    """
    wanted = Period(_day("--from", first), _day("--to", last))
    if wanted.last < wanted.first:
        raise BadPeriodError(f"--from {first} is after --to {last}: exchange them")
    return wanted


def nth_lesson(days: Period, *, nth: int, top: int, count_all: bool) -> Report:
    """The ``top`` instructors by lessons given in the period, and each one's ``nth`` lesson:
    counted from the period's beginning, or with ``count_all`` from the first ever given."""
    counted = Period(EARLIEST, LATEST) if count_all else days
    return _report(
        "nth_lesson",
        days,
        count_from=counted.first,
        count_to=counted.last,
        nth=nth,
        top=top,
    )


def lessons_by_department(days: Period, partnership_types: Sequence[str]) -> Report:
    """Lessons per département and partnership type; no types: all of them."""
    return _report("lessons_by_department", days, partnership_types=list(partnership_types))


def model_quality(
    days: Period, *, known_until: datetime, revoked_versions: Sequence[str]
) -> Report:
    """Calibration and Brier score by model version and day, of lessons begun by ``known_until``."""
    return _report(
        "model_quality", days, known_until=known_until, revoked_versions=list(revoked_versions)
    )


def answer(client: "bigquery.Client", report: Report) -> Table:
    """Run a report.

    Raises:
        UnavailableError: whatever BigQuery says against it.
    """
    rows = run(client, report.query, **report.values)
    return Table(rows.columns, [row.values() for row in rows])


def bytes_of(client: "bigquery.Client", report: Report) -> int:
    """How many bytes a report would read; the emulator always says 0."""
    return bytes_read(client, report.query, **report.values)


def check_types(
    client: "bigquery.Client", days: Period, wanted: Sequence[str], found: Table
) -> None:
    """Hold the types that were asked for against the rows found; ask again only if one has none.

    Raises:
        UnknownPartnershipTypeError: no lesson of the period is of one of them; names those there.
    """
    column = found.columns.index("partnership_type")
    missing = [each for each in wanted if each not in {row[column] for row in found.rows}]
    if not missing:
        return
    types = [str(row[0]) for row in answer(client, _report("partnership_types", days)).rows]
    there = f"there are {', '.join(types)}" if types else "it has no lessons with a type at all"
    raise UnknownPartnershipTypeError(
        f"no lesson {days} is of partnership type {', '.join(map(repr, missing))}; {there}"
    )


def _report(name: str, days: Period, **values: Value) -> Report:
    return Report(query(f"reports/{name}"), {"from_day": days.first, "to_day": days.last, **values})


def _day(option: str, text: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is None:
            raise ValueError(text)
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadPeriodError(
            f"{option} '{text}' is not a day: give YYYY-MM-DD, say 2020-07-01"
        ) from error
    if not EARLIEST <= day <= LATEST:
        raise BadPeriodError(f"{option} {text} is not between {EARLIEST} and {LATEST}")
    return day
