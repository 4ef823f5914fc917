"""``creneau sandbox market | slot-app``: the synthetic market, as files or as a slot app."""

import re
import signal
from pathlib import Path
from typing import Annotated

import typer

Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same market.")]


def attach(sandbox: typer.Typer) -> None:
    """Hang the commands on ``creneau sandbox``."""
    sandbox.command("market")(market)
    sandbox.command("slot-app")(slot_app)


def market(
    out: Annotated[Path, typer.Option(help="The folder for the four CSV files.")],
    lessons: Annotated[int, typer.Option(min=1, help="How many lessons.")] = 100_000,
    seed: Seed = 1,
) -> None:
    """Write the synthetic market as CSV files with the warehouse's columns."""
    from creneau.sandbox.market_csv import write_market

    for path in write_market(out, lessons=lessons, seed=seed):
        typer.echo(path)


def slot_app(
    rate: Annotated[float, typer.Option(min=0.01, help="Slots per second.")] = 1_000.0,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after so long.")] = None,
    count: Annotated[int | None, typer.Option(min=0, help="Stop after so many.")] = None,
    seed: Seed = 1,
    malformed: Annotated[
        str, typer.Option(metavar="1/N", help="Make one event in N malformed; 0: none.")
    ] = "0",
    record: Annotated[
        Path | None, typer.Option(help="Write what was published there, as JSON lines.")
    ] = None,
) -> None:
    """Be the slot app: publish the market's slots at a steady rate. Ctrl-C ends it."""
    from broker.stopping import Stopping
    from creneau.sandbox.slot_app import Orders, run_slot_app
    from creneau.settings import load_settings

    orders = Orders(rate, seconds, count, seed, _one_in(malformed), record)
    kafka = load_settings().kafka_settings()
    stop = Stopping()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda *_: stop.set())
    typer.echo(f"publishing to {kafka.names.slot_created} at {kafka.bootstrap_servers}", err=True)
    done = run_slot_app(kafka, orders, stop)
    per_second = done.events / done.seconds if done.seconds else 0.0
    typer.echo(
        f"published {done.events} slots ({done.malformed} malformed) in {done.seconds:.1f} s: "
        f"{per_second:.0f}/s"
    )


def _one_in(share: str) -> int:
    """``1/N`` as N, ``0`` as 0.

    Raises:
        BadUseError: it is neither.
    """
    from producer_contract.errors import BadUseError

    found = re.fullmatch(r"1/([1-9]\d{0,8})", share)
    if found is None and share != "0":
        raise BadUseError(f"--malformed takes 1/N (say 1/500) or 0, not '{share}'")
    return int(found[1]) if found else 0
