"""``creneau topics``: create the topics, and say how a cluster differs."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from creneau.cli.options import Json


def attach(app: typer.Typer) -> None:
    """Hang ``topics`` on the main app."""
    topics = typer.Typer(help="The topics: create them, check them.", no_args_is_help=True)
    topics.command("apply")(apply)
    topics.command("check")(check)
    app.add_typer(topics, name="topics")


def apply(
    partitions: Annotated[
        int | None,
        typer.Option(min=1, help="Of slot-created; unset: as it has, or 8. Grows, never shrinks."),
    ] = None,
    alter: Annotated[
        bool, typer.Option("--alter", help="Also set the topic settings that differ.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Create what is missing, grow outputs and dead letters before the source.

    Exit code 1: something still differs, and is listed.
    """
    from broker import topics
    from broker.clients import new_admin
    from creneau.cluster import ready
    from creneau.settings import load_settings

    kafka = ready(load_settings().kafka_settings(), topics=())
    admin, where = new_admin(kafka), kafka.bootstrap_servers
    done = topics.apply(admin, kafka.names, partitions=partitions, where=where)
    differences = topics.check(admin, kafka.names, where)
    if alter:
        done += topics.alter(admin, differences)
        differences = topics.check(admin, kafka.names, where)
    if as_json:
        listed = [asdict(difference) for difference in differences]
        typer.echo(json.dumps({"done": done, "differences": listed}))
    else:
        for line in done or ["every topic is there already"]:
            typer.echo(line)
        for difference in differences:
            typer.echo(f"differs: {difference}")
    if differences:
        raise typer.Exit(1)


def check(as_json: Json = False) -> None:
    """Say exactly how the cluster differs from what is needed (exit code 1: it does)."""
    from broker import topics
    from broker.clients import new_admin
    from creneau.cluster import ready
    from creneau.settings import load_settings

    kafka = ready(load_settings().kafka_settings(), topics=())
    differences = topics.check(new_admin(kafka), kafka.names, kafka.bootstrap_servers)
    if as_json:
        typer.echo(json.dumps([asdict(difference) for difference in differences]))
    elif not differences:
        typer.echo(f"the topics on {kafka.bootstrap_servers} are as they should be")
    else:
        for difference in differences:
            typer.echo(f"{difference}{' (nothing can be scored)' if difference.blocking else ''}")
    if differences:
        raise typer.Exit(1)
