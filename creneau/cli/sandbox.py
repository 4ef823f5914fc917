"""``creneau sandbox``: Kafka and BigQuery's emulator in the background, a pretend slot app."""

import json
from types import ModuleType
from typing import Annotated

import typer

from creneau.cli import sandbox_market
from producer_contract.errors import UnavailableError

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def attach(app: typer.Typer) -> None:
    """Hang ``sandbox`` on the main app."""
    sandbox = typer.Typer(
        help="A Kafka on this machine, and a pretend slot app.", no_args_is_help=True
    )
    sandbox.command("up")(up)
    sandbox.command("down")(down)
    sandbox.command("status")(status)
    sandbox_market.attach(sandbox)
    app.add_typer(sandbox, name="sandbox")


def up(
    brokers: Annotated[int, typer.Option(min=1, max=9, help="1, or 3: replicated.")] = 1,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65_000, help="Of the first broker; unset: a free one."),
    ] = None,
    warehouse: Annotated[
        bool, typer.Option("--warehouse", help="BigQuery's emulator too; Kafka may be up already.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Start Kafka in the background, with the data it had before."""
    from creneau.sandbox import emulator_state
    from creneau.sandbox.state import read
    from creneau.settings import load_settings

    settings = load_settings()
    folder = settings.sandbox_file.parent
    started = read(folder) if warehouse else None
    if started is None or not started.alive:
        started = _kafka().up(folder, brokers=brokers, port=port)
    emulator = emulator_state.up(folder) if warehouse else None
    if as_json:
        typer.echo(settings.sandbox_file.read_text("utf-8"), nl=False)
        return
    typer.echo(
        f"Kafka is up at {started.bootstrap_servers}; data and logs in "
        f"{settings.sandbox_file.parent / 'kafka'}\n"
        "next: creneau topics apply; stop it: creneau sandbox down"
    )
    if emulator is not None:
        typer.echo(
            f"BigQuery's emulator is up at {emulator.endpoint}; tables and log in "
            f"{folder / emulator_state.FOLDER}\nnext: creneau warehouse apply"
        )


def down(
    delete: Annotated[bool, typer.Option("--delete", help="Its data and logs too.")] = False,
) -> None:
    """Stop the sandbox's Kafka, and its emulator of BigQuery."""
    from creneau.sandbox import emulator_state
    from creneau.settings import load_settings

    folder = load_settings().sandbox_file.parent
    emulator = emulator_state.down(folder, delete=delete)
    if emulator is not None:
        typer.echo(f"stopped {emulator.endpoint}")
    stopped = _kafka().down(folder, delete=delete)
    typer.echo(f"stopped {stopped.bootstrap_servers}" if stopped else "the sandbox was not up")


def status(as_json: Json = False) -> None:
    """Say whether the sandbox's Kafka is up (exit code 1: it is not), and BigQuery's emulator."""
    from creneau.sandbox import emulator_state
    from creneau.sandbox.state import read
    from creneau.settings import load_settings

    folder = load_settings().sandbox_file.parent
    found = read(folder)
    warehouse = emulator_state.endpoint(folder)
    alive = found.alive if found else 0
    if as_json:
        brokers = [
            {"node_id": each.node_id, "port": each.port, "pid": each.pid, "alive": each.alive}
            for each in (found.brokers if found else ())
        ]
        bootstrap = found.bootstrap_servers if found else None
        said = {"up": alive, "bootstrap_servers": bootstrap, "brokers": brokers}
        typer.echo(json.dumps(said | {"warehouse": warehouse}))
    elif found and alive:
        typer.echo(
            f"up at {found.bootstrap_servers} since {found.started_at}: "
            f"{alive} of {len(found.brokers)} brokers run"
        )
    else:
        gone = " (its processes have gone, after a reboot perhaps)" if found else ""
        typer.echo(f"the sandbox is not up{gone}; start it: creneau sandbox up")
    if warehouse is not None and not as_json:
        typer.echo(f"BigQuery's emulator is up at {warehouse}")
    if not alive or (found and alive < len(found.brokers)):
        raise typer.Exit(1)


def _kafka() -> ModuleType:
    try:
        from creneau.sandbox import kafka
    except ModuleNotFoundError as error:
        raise UnavailableError(
            f"the sandbox needs the package '{error.name}': pip install 'creneau[sandbox]'"
        ) from error
    return kafka
