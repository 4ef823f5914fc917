"""``creneau dead``: look at refused events, and publish them again."""

from typing import Annotated, Any

import typer

from creneau.cli.options import Json

dead = typer.Typer(help="Events that were refused: list, show, redrive.", no_args_is_help=True)

Codes = Annotated[
    list[str] | None, typer.Option("--code", help="Only this code (may be repeated).")
]
Partitions = Annotated[
    list[int] | None,
    typer.Option("--partition", min=0, help="Only this partition (may be repeated)."),
]


def attach(app: typer.Typer) -> None:
    """Hang the commands on the main app."""
    app.add_typer(dead, name="dead")


@dead.command("list")
def list_(
    code: Codes = None,
    partition: Partitions = None,
    limit: Annotated[int, typer.Option(min=0, help="List so many of the newest.")] = 20,
    as_json: Json = False,
) -> None:
    """How many there are, by code, and the newest of them."""
    import json

    from consumer.dead_letters import Selection, summary
    from creneau.cluster import ready
    from creneau.settings import load_settings

    selection = Selection(frozenset(code or ()), frozenset(partition or ()))
    found = summary(ready(load_settings().kafka_settings()), selection, limit)
    if as_json:
        newest = [_described(letter) for letter in found.newest]
        by_code = dict(found.by_code)
        typer.echo(json.dumps({"total": found.total, "by_code": by_code, "newest": newest}))
        return
    _print_table(found)


@dead.command()
def show(
    partition: Annotated[int, typer.Argument(min=0, help="The source partition.")],
    offset: Annotated[int, typer.Argument(min=0, help="The source offset.")],
    as_json: Json = False,
) -> None:
    """Everything about one refused event, by its place on slot-created."""
    import json

    from consumer.dead_letters import Selection, letters
    from creneau.cluster import ready
    from creneau.printable import printable
    from creneau.settings import load_settings

    selection = Selection(partitions=frozenset({partition}), offsets=frozenset({offset}))
    found = list(letters(ready(load_settings().kafka_settings()), selection))
    if not found:
        typer.echo(f"no dead letter of partition {partition}, offset {offset}", err=True)
        raise typer.Exit(1)
    described = [_described(letter) | _contents(letter) for letter in found]
    if as_json:
        typer.echo(json.dumps(described))
        return
    for one in described:
        for name, value in one.items():
            typer.echo(f"{name:>15}  {printable(str(value))}")
        typer.echo()


@dead.command()
def redrive(
    code: Codes = None,
    partition: Partitions = None,
    offset: Annotated[
        list[int] | None, typer.Option(min=0, help="Only this source offset (may be repeated).")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead letters.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Publish refused events again on slot-created: same key, same bytes, same partition.

    An event is redriven once: what already was is left out.
    """
    import json

    from consumer.dead_letters import Selection
    from consumer.redrive import Redrive
    from creneau.cli.carrying_out import confirmed
    from creneau.cluster import ready
    from creneau.settings import load_settings
    from producer_contract.errors import BadUseError

    if not (code or partition or offset or everything):
        raise BadUseError("say which: --code, --partition, --offset or --all")
    if offset and not partition:
        raise BadUseError("an --offset needs its --partition")
    selection = Selection(
        frozenset(code or ()), frozenset(partition or ()), frozenset(offset or ())
    )
    run = Redrive(ready(load_settings().kafka_settings()), selection)
    try:
        if run.before:
            typer.echo(f"{len(run.before)} were redriven before and are left out", err=as_json)
        question = f"publish {len(run.chosen)} events again on slot-created?"
        if run.chosen and not yes and not confirmed(question):
            raise typer.Abort
        published = run.publish() if run.chosen else 0
        if as_json:
            typer.echo(json.dumps({"published": published, "left_out": len(run.before)}))
        elif published:
            typer.echo(f"{published} events published again")
        else:
            typer.echo("nothing to redrive")
    finally:
        run.close()


def _described(letter: Any) -> dict[str, Any]:
    from datetime import UTC, datetime

    why = letter.why
    return {
        "partition": why.partition,
        "offset": why.offset,
        "code": why.code,
        "reason": why.reason,
        "epoch": why.epoch,
        "replay_id": why.replay_id,
        "written_at": datetime.fromtimestamp(letter.written_ms / 1_000, UTC).isoformat(),
    }


def _contents(letter: Any) -> dict[str, Any]:
    return {
        "version": letter.why.version,
        "key": _text(letter.key),
        "headers": {name: _text(value) for name, value in letter.headers},
        "value": _text(letter.value),
    }


def _text(value: bytes | None) -> str | None:
    """UTF-8 as it is; other bytes in Python's notation."""
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return repr(value)


def _print_table(found: Any) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from creneau.printable import printable

    console = Console()
    if not found.total:
        console.print("no dead letters")
        return
    counts = ", ".join(
        f"{printable(code)} {number}" for code, number in found.by_code.most_common()
    )
    console.print(f"{found.total} dead letters: {counts}", markup=False, highlight=False)
    table = Table("partition", "offset", "code", "reason")
    for letter in found.newest:
        why = letter.why
        reason = printable(why.reason[:200])
        table.add_row(str(why.partition), str(why.offset), printable(why.code), escape(reason))
    console.print(table)
