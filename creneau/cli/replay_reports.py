"""``creneau replay``: what only reads: preview, status, list."""

import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creneau.cli.options import FromModels, Id, Json, Moment, Partitions, WithModel

if TYPE_CHECKING:
    from ledger.records import Selection


def attach_preview(replay: typer.Typer) -> None:
    """The command that one runs first comes first in ``--help``."""
    replay.command("preview")(preview_command)


def attach(replay: typer.Typer) -> None:
    """Hang the other reading commands on the group."""
    replay.command()(status)
    replay.command("list")(list_replays)


def preview_command(
    with_model: WithModel,
    from_model: FromModels = None,
    published_from: Moment = None,
    published_to: Moment = None,
    partitions: Partitions = None,
    as_json: Json = False,
) -> None:
    """What a replay would correct, and how the probabilities would change. Reads only."""
    from creneau.cluster import ready
    from creneau.progress import shift_lines
    from creneau.replays import Replays
    from creneau.settings import load_settings
    from ledger.reader import read_ledger
    from replay.preview import preview
    from replay.source import named

    replays = Replays(load_settings())
    ready(replays.kafka)
    found = preview(
        replays.kafka,
        read_ledger(replays.kafka),
        replays.load,
        from_models=from_model or [],
        with_model=with_model,
        selection=selection(partitions, published_from, published_to),
        archive=replays.archive,
    )
    shown = found.as_json()
    if as_json:
        typer.echo(json.dumps(shown))
        return
    if found.nothing:
        models = ", ".join(from_model or ["a revoked model"])
        typer.echo(f"nothing to correct: no event's outcome is by {models}, or none was selected")
        return
    about = "about " if shown["estimated"] else ""
    typer.echo(f"{about}{shown['affected']:,} events would be corrected")
    for name in ("by_model", "by_partition"):
        for key, events in shown[name].items():
            typer.echo(f"  {name[3:]} {key}: {events:,}")
    if shown["published_from"] is not None:
        typer.echo(f"published from {shown['published_from']} to {shown['published_to']}")
    if shown["lessons_ahead"] is not None:
        typer.echo(f"lessons still ahead: about {shown['lessons_ahead']:,}")
    typer.echo(_time_line(shown))
    for partition in shown["to_scan"]:
        typer.echo(f"partition {partition} has a gap in its runs: starting scans it first")
    if found.gone:
        typer.echo(
            f"past Kafka's retention and not in the archive: partition:[from, to) "
            f"{named(found.gone)}: starting refuses these; replay the rest with --partitions, or "
            "with --published-from later than the first event that is still kept"
        )
    for line in shift_lines(found.shift):
        typer.echo(line)


def _time_line(shown: dict[str, Any]) -> str:
    """How long a replay would take, and how sure that is."""
    seconds = shown["estimated_seconds"]
    took = f"{seconds:,.0f} s" if seconds >= 1 else "under a second"
    rate = "an assumed rate (no replay has shown one yet)" if shown["rate_assumed"] else None
    return f"estimated time at {rate or 'the present rate'}: {took}"


def status(
    replay_id: Id = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Again every second, until it ends.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Where a replay stands: how far, how fast, and what live scoring does meanwhile."""
    from creneau.cluster import ready
    from creneau.patience import TRANSIENT, Patience
    from creneau.progress import line_of
    from creneau.replays import Replays
    from creneau.settings import load_settings
    from ledger.reader import LedgerReader
    from replay.control import find_replay
    from replay.status import StatusReader

    replays = Replays(load_settings())
    ready(replays.kafka)
    ledger = LedgerReader(replays.kafka)
    reader = StatusReader(replays.kafka, replays.replay.limits)
    patience = Patience()
    try:
        while True:
            try:
                state = ledger.read_to_end()
                replay = find_replay(state, replay_id)
                replay_id = replay.replay_id
                found = reader.read(state, replay)
            except TRANSIENT as error:
                if not watch or patience.over:
                    raise
                typer.echo(": ".join(patience.told(error)), err=True)
            else:
                patience.answered()
                line = f"replay {found.id}: {found.state} · {line_of(found)}"
                typer.echo(json.dumps(found.as_json()) if as_json else line)
                if not watch or found.state in ("completed", "cancelled"):
                    return
            time.sleep(1)
    finally:
        reader.close()
        ledger.close()


def list_replays(as_json: Json = False) -> None:
    """Every replay, oldest first."""
    from creneau.cluster import ready
    from creneau.settings import load_settings
    from ledger.reader import read_ledger
    from ledger.records import utc_text

    rows = [
        {
            "id": replay.replay_id,
            "state": str(replay.state),
            "epoch": replay.epoch,
            "from_models": list(replay.request.from_models),
            "with_model": replay.request.with_model,
            "requested_at": utc_text(replay.request.at),
            "by": replay.request.by,
            "reason": replay.request.reason,
            "chunks": replay.request.chunks,
        }
        for replay in read_ledger(ready(load_settings().kafka_settings())).replays.values()
    ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    if not rows:
        typer.echo("there has been no replay yet")
    for row in rows:
        models = ", ".join(map(str, row["from_models"]))  # type: ignore[call-overload]
        typer.echo(
            f"{row['id']}  {row['state']:9}  {row['requested_at']}  {row['by']}  "
            f"{models} → {row['with_model']}  {row['reason']}".rstrip()
        )


def selection(
    partitions: str | None, published_from: datetime | None, published_to: datetime | None
) -> "Selection":
    """What was selected on the command line."""
    from ledger.records import Selection
    from producer_contract.errors import BadUseError

    try:
        numbers = None if partitions is None else tuple(int(p) for p in partitions.split(","))
    except ValueError:
        numbers = (-1,)
    if numbers is not None and min(numbers) < 0:
        raise BadUseError(f"--partitions '{partitions}' is no list of partitions, as in 0,3,5")
    return Selection(partitions=numbers, published_from=published_from, published_to=published_to)
