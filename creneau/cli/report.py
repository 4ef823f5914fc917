"""``creneau report``: what the data team asks the warehouse, as a table, CSV or JSON."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from creneau.cli.report_formats import Format, print_bytes, print_table
from creneau.cli.warehouse import needed

if TYPE_CHECKING:
    from google.cloud import bigquery

QUALITY_DAYS: Final = 30
PARIS: Final = ZoneInfo("Europe/Paris")


class CountFrom(StrEnum):
    """From where an instructor's lessons are counted up to the nth."""

    PERIOD = "period"
    ALL = "all"


First = Annotated[str, typer.Option("--from", metavar="DAY", help="YYYY-MM-DD, in Paris.")]
Last = Annotated[str, typer.Option("--to", metavar="DAY", help="The last day, included.")]
As = Annotated[Format, typer.Option("--format", help="How to print the rows.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the bytes it would read; no rows.")]


def attach(app: typer.Typer) -> None:
    """Hang ``report`` on the main app."""
    report = typer.Typer(
        help="Reports from the warehouse. A day is one of Paris, overseas too.",
        no_args_is_help=True,
    )
    for command in (nth_lesson, lessons_by_department, model_quality):
        report.command()(command)
    app.add_typer(report, name="report")


def nth_lesson(
    first: First = "2020-07-01",
    last: Last = "2020-09-30",
    top: Annotated[int, typer.Option(min=1, help="How many instructors.")] = 5,
    nth: Annotated[int, typer.Option(min=1, help="Which lesson of each.")] = 50,
    count_from: Annotated[
        CountFrom, typer.Option(help="Count the period's lessons, or all that they ever gave.")
    ] = CountFrom.PERIOD,
    out: As = Format.TABLE,
    dry_run: DryRun = False,
) -> None:
    """The instructors who gave the most lessons in a period, and the day of each one's 50th.

    A lesson was given when it has a booking made no later than its start and not cancelled before
    it, and was not deleted before it.
    """
    from warehouse import reports

    days = reports.period(first, last)
    wanted = reports.nth_lesson(days, nth=nth, top=top, count_all=count_from is CountFrom.ALL)
    client = _client()
    if dry_run:
        return print_bytes(reports.bytes_of(client, wanted), out)
    return print_table(reports.answer(client, wanted), out)


def lessons_by_department(
    first: First,
    last: Last,
    partnership_type: Annotated[
        list[str] | None,
        typer.Option("--partnership-type", "-p", help="Only this one; repeat for more."),
    ] = None,
    out: As = Format.TABLE,
    dry_run: DryRun = False,
) -> None:
    """Lessons per département and partnership type: offered, deleted before their start, given.

    Meeting points outside France are a row of their own.
    """
    from warehouse import reports

    days = reports.period(first, last)
    types = list(dict.fromkeys(partnership_type or []))
    wanted = reports.lessons_by_department(days, types)
    client = _client()
    if dry_run:
        return print_bytes(reports.bytes_of(client, wanted), out)
    table = reports.answer(client, wanted)
    reports.check_types(client, days, types, table)
    return print_table(table, out)


def model_quality(
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DAY",
            help=f"YYYY-MM-DD, in Paris; unset: {QUALITY_DAYS} days with the last.",
        ),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option("--to", metavar="DAY", help="The last day, included; unset: today."),
    ] = None,
    out: As = Format.TABLE,
    dry_run: DryRun = False,
) -> None:
    """What each model version foretold against what happened, by day of the lesson.

    The calibration error is the mean distance, over ten bins of probability, between what was
    foretold and the share that was booked; Brier: 0 is perfect. Revoked models are marked.
    """
    from warehouse import reports

    now = datetime.now(UTC)
    days = reports.period(*_last_days(first, last, now.astimezone(PARIS).date()))
    client = _client()
    # What is revoked is a parameter, which changes no byte that is read: a dry run asks no Kafka.
    revoked = [] if dry_run else _revoked()
    wanted = reports.model_quality(days, known_until=now, revoked_versions=revoked)
    if dry_run:
        return print_bytes(reports.bytes_of(client, wanted), out)
    return print_table(reports.answer(client, wanted), out)


def _revoked() -> list[str]:
    """The versions that the ledger says are revoked."""
    from creneau.cluster import ready
    from creneau.settings import load_settings
    from ledger.reader import read_ledger

    kafka = load_settings().kafka_settings()
    return sorted(read_ledger(ready(kafka, [kafka.names.model_ledger])).revoked)


def _last_days(first: str | None, last: str | None, today: date) -> tuple[str, str]:
    """Both days as text; a bad last day is passed on, to be refused where days are read."""
    end = last or today.isoformat()
    if first is not None:
        return first, end
    try:
        return (date.fromisoformat(end) - timedelta(days=QUALITY_DAYS - 1)).isoformat(), end
    except (ValueError, OverflowError):
        return end, end


def _client() -> "bigquery.Client":
    settings = needed()
    from warehouse.client import new_client

    return new_client(settings)
