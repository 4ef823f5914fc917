"""``creneau sandbox``: Kafka and BigQuery's emulator in the background, a pretend slot app."""

import json
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

from creneau.cli import sandbox_market
from creneau.cli.options import Json
from producer_contract.errors import BadUseError, CreneauError, UnavailableError

if TYPE_CHECKING:
    from creneau.sandbox.emulator_state import RunningEmulator
    from creneau.sandbox.state import Sandbox


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
    brokers: Annotated[
        int | None, typer.Option(min=1, max=9, help="1, or 3: replicated; unset: 1.")
    ] = None,
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
    from creneau.sandbox.emulator_state import FOLDER
    from creneau.sandbox.state import read
    from creneau.settings import load_settings

    settings = load_settings()
    folder = settings.sandbox_file.parent
    running = read(folder) if warehouse else None
    if running is not None and running.alive:
        _refuse_another(running, brokers, port)
    else:
        running = _kafka().up(folder, brokers=brokers or 1, port=port)
    emulator = _emulator(folder, running) if warehouse else None
    if as_json:
        said = json.loads(settings.sandbox_file.read_text("utf-8"))
        said |= {"warehouse": emulator.endpoint} if emulator is not None else {}
        typer.echo(json.dumps(said, indent=2))
        return
    typer.echo(
        f"Kafka is up at {running.bootstrap_servers}; data and logs in {folder / 'kafka'}\n"
        "next: creneau topics apply; stop it: creneau sandbox down"
    )
    if emulator is not None:
        typer.echo(
            f"BigQuery's emulator is up at {emulator.endpoint}; tables and log in "
            f"{folder / FOLDER}\nnext: creneau warehouse apply"
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


def _refuse_another(running: "Sandbox", brokers: int | None, port: int | None) -> None:
    """Raise where Kafka is up and not as it was asked for.

    Raises:
        BadUseError: other brokers, or another port.
    """
    there, first = len(running.brokers), running.brokers[0].port
    if brokers in (None, there) and port in (None, first):
        return
    raise BadUseError(
        f"the sandbox's Kafka is up with {there} broker{'s' if there > 1 else ''}, the first on "
        f"port {first}: leave --brokers and --port out, or first: creneau sandbox down"
    )


def _emulator(folder: Path, kafka: "Sandbox") -> "RunningEmulator":
    from creneau.sandbox import emulator_state

    try:
        return emulator_state.up(folder)
    except CreneauError:
        up = f"Kafka is up at {kafka.bootstrap_servers}, BigQuery's emulator is not:"
        typer.echo(up, err=True)
        raise
