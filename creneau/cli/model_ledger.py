"""``creneau model revoke | log | at``: the decisions, and what was in force when."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from creneau.cli.options import Json

if TYPE_CHECKING:
    from ledger.fold import Decision, LedgerState


def attach(model: typer.Typer) -> None:
    """Hang the commands on the group ``model``."""
    model.command()(revoke)
    model.command()(log)
    model.command()(at)


def revoke(
    versions: Annotated[list[str], typer.Argument(metavar="V...", help="The corrupted models.")],
    reason: Annotated[str, typer.Option(help="Why; kept on the ledger.")],
    replacement: Annotated[
        str | None,
        typer.Option(
            "--with", metavar="VERSION", help="What takes over, and what --replay scores with."
        ),
    ] = None,
    pause_scoring: Annotated[
        bool, typer.Option("--pause-scoring", help="Score nothing until the next promote.")
    ] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Make everything that they emitted again, at once.")
    ] = False,
    executors: Annotated[
        int, typer.Option(min=1, help="With --replay: executor processes on this machine.")
    ] = 1,
    as_json: Json = False,
) -> None:
    """Take corrupted models out of scoring, for ever.

    The model is not in force: it is revoked all the same, what is in force goes on; --with is
    needed for --replay only. It is the only one: --pause-scoring; events wait in Kafka. Several
    come from the same bad data: name them all in one command. It was revoked before, or this
    command was interrupted: give it again with --replay, it goes on where it stopped. It was a
    mistake: register the artifact under a new name and promote that.
    """
    from creneau.cli.carrying_out import join_or_carry_out
    from creneau.cluster import ready
    from creneau.replays import Replays
    from creneau.revocation import revoke as write_revocation
    from creneau.settings import load_settings
    from producer_contract.errors import BadUseError
    from replay.request import Order

    if replacement is not None and pause_scoring:
        raise BadUseError("--with and --pause-scoring exclude each other: give one")
    if replay and replacement is None:
        raise BadUseError("--replay needs --with VERSION: the model to score with")
    replays = Replays(load_settings())
    ready(replays.kafka)
    done = write_revocation(
        replays.kafka,
        replays.store,
        versions,
        replacement=replacement,
        pause_scoring=pause_scoring,
        again=replay,
        reason=reason,
    )
    if as_json and not replay:
        typer.echo(
            json.dumps({"revoked": done.versions, "epoch": done.epoch, "in_force": done.in_force})
        )
    else:
        typer.echo(str(done), err=as_json and replay)
    if replay and replacement is not None:
        order = Order(replacement, done.versions)
        join_or_carry_out(replays, order, executors=executors, reason=reason, as_json=as_json)
    elif not as_json:
        promote = "" if done.in_force else "creneau model promote VERSION, then "
        typer.echo(f"next: {promote}creneau replay start --with {replacement or 'VERSION'}")


def log(as_json: Json = False) -> None:
    """Every record of the ledger: who, when, what and why."""
    from creneau.cluster import ready
    from creneau.settings import load_settings
    from ledger.reader import read_records
    from ledger.records import utc_text

    offset = None
    for offset, record in read_records(ready(load_settings().kafka_settings())):
        fields = record.model_dump(mode="json", exclude={"affected", "fences"})
        if as_json:
            typer.echo(json.dumps({"offset": offset} | fields))
            continue
        common = {"type", "at", "by", "reason", "metrics", "uri", "scope"}
        what = " ".join(
            f"{name}={_short(value)}"
            for name, value in fields.items()
            if name not in common and value is not None
        )
        typer.echo(
            f"{offset:>5}  {utc_text(record.at)}  {record.by}  {record.type}  {what}  "
            f"{record.reason}".rstrip()
        )
    if offset is None and not as_json:
        typer.echo("nothing has been decided yet; next: creneau model register FILE")


def at(
    moment: Annotated[
        str,
        typer.Argument(
            metavar="TIME|EPOCH", help="As in 2026-11-24T03:00:00Z, or the number in model log."
        ),
    ],
    as_json: Json = False,
) -> None:
    """What was in force at a time, or under an epoch."""
    from creneau.cluster import ready
    from creneau.settings import load_settings
    from ledger.reader import read_ledger

    found = _decision(read_ledger(ready(load_settings().kafka_settings())), moment)
    if as_json:
        answer = {
            "epoch": found.epoch if found else None,
            "in_force": found.in_force if found else None,
        }
        typer.echo(json.dumps(answer))
    elif found is None:
        typer.echo("nothing was in force: no decision had been made")
    else:
        typer.echo(f"{found.in_force or 'nothing'} (epoch {found.epoch})")


def _decision(state: "LedgerState", moment: str) -> "Decision | None":
    """The decision that held at a time or epoch."""
    from datetime import UTC, datetime

    from producer_contract.errors import BadUseError

    if moment.isdecimal():
        epoch = int(moment)
        return next((d for d in reversed(state.decisions) if d.epoch <= epoch), None)
    try:
        when = datetime.fromisoformat(moment)
    except ValueError as error:
        raise BadUseError(
            f"'{moment}' is neither a time, as in 2026-11-24T03:00:00Z, nor an epoch"
        ) from error
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return next((d for d in reversed(state.decisions) if d.at <= when), None)


def _short(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    text = str(value)
    return text if len(text) <= 40 else text[:8] + "…"
