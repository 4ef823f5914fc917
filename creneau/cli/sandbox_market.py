"""``creneau sandbox market | slot-app``: the synthetic market, as files or as a slot app."""

from pathlib import Path
from typing import Annotated

import typer

Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same market.")]


def attach(sandbox: typer.Typer) -> None:
    """Hang the commands on ``creneau sandbox``."""
    sandbox.command("market")(market)


def market(
    out: Annotated[Path, typer.Option(help="The folder for the four CSV files.")],
    lessons: Annotated[int, typer.Option(min=1, help="How many lessons.")] = 100_000,
    seed: Seed = 1,
) -> None:
    """Write the synthetic market as CSV files with the warehouse's columns."""
    from creneau.sandbox.market_csv import write_market

    for path in write_market(out, lessons=lessons, seed=seed):
        typer.echo(path)
