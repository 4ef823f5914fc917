"""``creneau status``, and ``creneau`` alone."""

import json

import typer

from creneau.cli.options import Json


def attach(app: typer.Typer) -> None:
    """Hang ``status`` on the main app, and make it what ``creneau`` alone does."""
    app.command()(status)
    app.callback(invoke_without_command=True, no_args_is_help=False, help=app.info.help)(alone)


def alone(context: typer.Context) -> None:
    """Without a command: how things stand."""
    if context.invoked_subcommand is None:
        show(as_json=False)
        typer.echo("help          creneau --help")


def status(as_json: Json = False) -> None:
    """How things stand: model, workers, lag, dead letters, replay, and what comes next."""
    show(as_json=as_json)


def show(*, as_json: bool) -> None:
    """Print the overview."""
    from creneau.overview import overview
    from creneau.replays import Replays
    from creneau.settings import load_settings

    found = overview(Replays(load_settings()))
    if as_json:
        typer.echo(json.dumps(found.as_json()))
        return
    for line in found.lines():
        typer.echo(line)
