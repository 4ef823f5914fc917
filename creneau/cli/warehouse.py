"""``creneau warehouse``: the tables in BigQuery."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creneau.cli.options import Json
from producer_contract.errors import BadUseError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.csv_rows import Refused
    from warehouse.schema import Difference
    from warehouse.settings import WarehouseSettings

File = Annotated[
    Path, typer.Argument(metavar="FILE.csv", help="With the columns of creneau sandbox market.")
]
SHOWN = 20
"""Refused rows printed one by one."""


def attach(app: typer.Typer) -> None:
    """Hang ``warehouse`` on the main app."""
    warehouse = typer.Typer(
        help="The warehouse in BigQuery: its tables, and what is loaded.", no_args_is_help=True
    )
    loads = (load_instructors, load_meeting_points, load_lessons, load_bookings)
    for command in (apply, check, *loads):
        warehouse.command()(command)
    app.add_typer(warehouse, name="warehouse")


def apply() -> None:
    """Make the tables, functions and views that the dataset lacks (exit code 1: tables differ)."""
    settings = needed()
    from warehouse import schema

    made = schema.apply(settings)
    typer.echo(f"{settings.dataset}: " + (f"made {', '.join(made)}" if made else "nothing to do"))
    left = schema.check(settings)
    for difference in left:
        typer.echo(f"differs and is left as it is: {difference}", err=True)
    _say_what_to_do(left)
    if left:
        raise typer.Exit(1)


def check(as_json: Json = False) -> None:
    """Say how the dataset differs from what is declared (exit code 1: it does)."""
    settings = needed()
    from warehouse import schema

    found = schema.check(settings)
    if as_json:
        lines = [{"name": each.name, "difference": each.what} for each in found]
        typer.echo(json.dumps({"dataset": settings.dataset, "differences": lines}))
    else:
        for difference in found:
            typer.echo(difference)
        _say_what_to_do(found)
        if not found:
            typer.echo(f"{settings.dataset} is as declared")
    if found:
        raise typer.Exit(1)


def _say_what_to_do(found: "Sequence[Difference]") -> None:
    """Where tables differ, which ``apply`` leaves as they are."""
    from warehouse.errors import WHAT_TO_DO
    from warehouse.schema import ABSENT, TABLES

    if any(each.name in TABLES and each.what != ABSENT for each in found):
        typer.echo(WHAT_TO_DO, err=True)


def load_instructors(file: File) -> None:
    """Load instructors; again: only what has changed."""
    _load("instructors", file)


def load_meeting_points(file: File) -> None:
    """Load meeting points, each with its département, found now; again: only what has changed."""
    _load("meeting_points", file)


def load_lessons(file: File) -> None:
    """Load lessons, each with its instructor's legal form and its meeting point's département."""
    _load("lessons", file)


def load_bookings(file: File) -> None:
    """Load bookings, each with its lesson's start; again: only what has changed."""
    _load("bookings", file)


def _load(table: str, file: Path) -> None:
    settings = needed()
    from warehouse.loading import RowsRefusedError, load

    try:
        loaded = load(settings, table, file)
    except RowsRefusedError as error:
        for row in error.refused[:SHOWN]:
            typer.echo(row, err=True)
        if len(error.refused) > SHOWN:
            left = len(error.refused) - SHOWN
            typer.echo(f"… and {left} more: {_written(table, error.refused)} has all", err=True)
        raise
    same = loaded.rows - loaded.changed
    typer.echo(f"{table}: {loaded.rows} rows, {loaded.changed} new or changed, {same} as before")


def _written(table: str, refused: "Sequence[Refused]") -> Path:
    """The file with every refused row and its reason; the last load's takes its place.

    Raises:
        BadUseError: it cannot be written.
    """
    from creneau.settings import load_settings

    path = load_settings().var / "refused" / f"{table}.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{row}\n" for row in refused), "utf-8")
    except OSError as error:
        raise BadUseError(f"{path} cannot be written: {error.strerror}") from error
    return path


def needed() -> "WarehouseSettings":
    """The warehouse to talk to.

    Raises:
        UnavailableError: what talks to BigQuery is not installed.
        BadUseError: no warehouse is set.
    """
    try:
        import google.cloud.bigquery  # noqa: F401
    except ModuleNotFoundError as error:
        raise UnavailableError(
            "BigQuery needs the package 'google-cloud-bigquery': pip install 'creneau[warehouse]'"
        ) from error
    from creneau.settings import load_settings
    from creneau.warehouse import needed_warehouse

    return needed_warehouse(load_settings())
