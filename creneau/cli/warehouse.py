"""``creneau warehouse``: the tables in BigQuery."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from producer_contract.errors import UnavailableError

if TYPE_CHECKING:
    from warehouse.settings import WarehouseSettings

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def attach(app: typer.Typer) -> None:
    """Hang ``warehouse`` on the main app."""
    warehouse = typer.Typer(
        help="The warehouse in BigQuery: its tables, and what is loaded.", no_args_is_help=True
    )
    for command in (apply, check):
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
        if not found:
            typer.echo(f"{settings.dataset} is as declared")
    if found:
        raise typer.Exit(1)


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
