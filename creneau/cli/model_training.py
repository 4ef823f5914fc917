"""``creneau model train``: from lessons of the past to a model in a file."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from creneau.cli.options import Json
from producer_contract.errors import BadUseError

if TYPE_CHECKING:
    from model.dataset import Lessons

YEARS: Final = 2
PARIS: Final = ZoneInfo("Europe/Paris")


def train(
    data: Annotated[
        Path | None,
        typer.Option(
            help="A folder with lessons.csv and bookings.csv, see creneau sandbox market."
        ),
    ] = None,
    from_warehouse: Annotated[
        bool, typer.Option("--from-warehouse", help="Learn from the warehouse's lessons instead.")
    ] = False,
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DAY",
            help=f"The warehouse's lessons from this day on; unset: {YEARS} years before --to.",
        ),
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="… to this day; unset: today.")
    ] = None,
    with_unannounced: Annotated[
        bool,
        typer.Option(
            "--with-unannounced",
            help="Take the warehouse's lessons without an archived event too, as they are now.",
        ),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Where to write; unset: <var>/training.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same lessons, same seed, same model.")] = 0,
    flip: Annotated[
        str | None,
        typer.Option(
            metavar="FEATURE",
            help="For rehearsals: feed this feature the wrong way round, as a corrupted model was.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Train and calibrate a model; write it with an evaluation report. Registers nothing.

    The newest fifth of the lessons judges it, the fifth before calibrates it.
    """
    if from_warehouse is (data is not None):
        raise BadUseError("give either --data FOLDER or --from-warehouse")
    if data is not None and (first or last or with_unannounced):
        raise BadUseError(
            "--from, --to and --with-unannounced go with --from-warehouse: a folder is read whole"
        )
    from creneau.settings import load_settings
    from model.dataset import read_lessons
    from model.workshop import train_on

    folder = out if out is not None else load_settings().var / "training"
    lessons = (
        read_lessons(data) if data is not None else _from_warehouse(first, last, with_unannounced)
    )
    made = train_on(lessons, folder, seed=seed, flip=flip)
    if as_json:
        typer.echo(
            json.dumps(
                {"path": str(made.path), "digest": made.digest, "report": asdict(made.report)}
            )
        )
        return
    for name, score in made.report.scores():
        typer.echo(
            f"{name:17} AUC {score.auc:.4f}  log loss {score.log_loss:.4f}  Brier {score.brier:.4f}"
        )
    typer.echo(f"report: {folder / 'report.md'}")
    typer.echo(f"model:  {made.path}")
    typer.echo(f"next:   creneau model register {made.path}")


def _from_warehouse(first: str | None, last: str | None, unannounced: bool) -> "Lessons":
    """The lessons of a period that have begun.

    Raises:
        BadUseError: a bad period, or none of its lessons was announced.
    """
    from creneau.cli.warehouse import needed

    settings = needed()
    from warehouse.client import new_client
    from warehouse.reports import period
    from warehouse.training import training_set

    now = datetime.now(UTC)
    to_day = last or now.astimezone(PARIS).date().isoformat()
    days = period(first or _years_before(to_day), to_day)
    found = training_set(new_client(settings), days, known_until=now, unannounced=unannounced)
    if not len(found) and not unannounced:
        raise BadUseError(
            f"0 lessons {days} have begun and have their event in the archive: load it with "
            "creneau archive, or take the others as they are now with --with-unannounced"
        )
    return found


def _years_before(day: str) -> str:
    """A bad day comes back as it is, to be refused where days are read."""
    try:
        end = date.fromisoformat(day)
        return end.replace(year=end.year - YEARS, day=min(end.day, 28)).isoformat()
    except ValueError:
        return day
