"""``creneau sandbox``: a Kafka in the background, and a pretend slot app."""

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
    as_json: Json = False,
) -> None:
    """Start Kafka in the background, with the data it had before."""
    from creneau.settings import load_settings

    settings = load_settings()
    started = _kafka().up(settings.sandbox_file.parent, brokers=brokers, port=port)
    if as_json:
        typer.echo(settings.sandbox_file.read_text("utf-8"), nl=False)
        return
    typer.echo(
        f"Kafka is up at {started.bootstrap_servers}; data and logs in "
        f"{settings.sandbox_file.parent / 'kafka'}\n"
        "next: creneau topics apply; stop it: creneau sandbox down"
    )


def down(
    delete: Annotated[bool, typer.Option("--delete", help="Its data and logs too.")] = False,
) -> None:
    """Stop the sandbox's Kafka."""
    from creneau.settings import load_settings

    stopped = _kafka().down(load_settings().sandbox_file.parent, delete=delete)
    typer.echo(f"stopped {stopped.bootstrap_servers}" if stopped else "the sandbox was not up")


def status(as_json: Json = False) -> None:
    """Say whether the sandbox's Kafka is up (exit code 1: it is not)."""
    from creneau.sandbox.state import read
    from creneau.settings import load_settings

    found = read(load_settings().sandbox_file.parent)
    alive = found.alive if found else 0
    if as_json:
        brokers = [
            {"node_id": each.node_id, "port": each.port, "pid": each.pid, "alive": each.alive}
            for each in (found.brokers if found else ())
        ]
        bootstrap = found.bootstrap_servers if found else None
        typer.echo(json.dumps({"up": alive, "bootstrap_servers": bootstrap, "brokers": brokers}))
    elif found and alive:
        typer.echo(
            f"up at {found.bootstrap_servers} since {found.started_at}: "
            f"{alive} of {len(found.brokers)} brokers run"
        )
    else:
        gone = " (its processes have gone, after a reboot perhaps)" if found else ""
        typer.echo(f"the sandbox is not up{gone}; start it: creneau sandbox up")
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
