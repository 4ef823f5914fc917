"""``creneau replay``: start, steer and carry out replays."""

import json
from typing import Annotated

import typer

from creneau.cli import carrying_out, replay_proof, replay_reports
from creneau.cli.options import FromModels, Id, Json, Moment, Partitions, Reason, WithModel

Executors = Annotated[
    int | None, typer.Option(min=1, help="Executor processes on this machine (unset: 1).")
]


def attach(app: typer.Typer) -> None:
    """Hang ``replay`` on the main app."""
    replay = typer.Typer(
        help="Make the probabilities of revoked models again, and prove it.", no_args_is_help=True
    )
    replay_reports.attach_preview(replay)
    for command in (start, executor, pause, resume, cancel):
        replay.command()(command)
    replay_reports.attach(replay)
    replay_proof.attach(replay)
    app.add_typer(replay, name="replay")


def start(
    with_model: WithModel,
    from_model: FromModels = None,
    published_from: Moment = None,
    published_to: Moment = None,
    partitions: Partitions = None,
    rate: Annotated[
        float | None,
        typer.Option(
            min=0.1, help="At most so many events per second; unset: what live scoring leaves."
        ),
    ] = None,
    canary: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE",
            help="Pause after the newest 1% (or what you say) of each partition, show the change.",
        ),
    ] = None,
    executors: Executors = None,
    detach: Annotated[
        bool,
        typer.Option(
            "--detach", help="Only request it: creneau replay executor, run elsewhere, works."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Go on at the canary without asking.")] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Re-score everything that revoked models emitted, newest first, beside live scoring.

    Waits until every partition has acknowledged the revocation, then replays. Ctrl-C leaves it
    paused. Ends with the certificate.
    """
    from creneau.cluster import ready
    from creneau.replays import Replays
    from creneau.settings import load_settings
    from replay.request import Order

    for option, given in (("--executors", executors is not None), ("--yes", yes)):
        if detach and given:
            raise typer.BadParameter(
                "executors that run elsewhere take no part in it; leave out this or --detach",
                param_hint=option,
            )
    order = Order(
        with_model,
        tuple(from_model or ()),
        replay_reports.selection(partitions, published_from, published_to),
        rate,
        share(canary),
    )
    replays = Replays(load_settings())
    ready(replays.kafka)
    carrying_out.carry_out(
        replays,
        order,
        executors=0 if detach else executors or 1,
        yes=yes,
        reason=reason,
        as_json=as_json,
    )


def executor(
    processes: Annotated[int, typer.Option(min=1, help="Executor processes.")] = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON at the start, one at the end.")
    ] = False,
) -> None:
    """Work on whatever replay is active, until stopped (SIGTERM or Ctrl-C); idle without one."""
    from creneau.pools import run_until_signalled
    from creneau.replays import Replays
    from creneau.settings import load_settings
    from creneau.structured_log import configure_log

    configure_log()
    replays = Replays(load_settings())
    # A bad setting is said once, here, not by every process that the pool starts.
    _ = (replays.kafka, replays.replay)
    who = {"instance": replays.host, "processes": processes}
    if as_json:
        typer.echo(json.dumps(who | {"state": "started"}))

    def ended(code: int) -> None:
        if as_json:
            typer.echo(json.dumps(who | {"state": "ended", "code": code}))

    try:
        code = run_until_signalled(replays.pool(processes, started=False))
    except KeyboardInterrupt:
        ended(130)
        raise
    ended(code)
    raise typer.Exit(code)


def pause(replay_id: Id = None, reason: Reason = "", as_json: Json = False) -> None:
    """Let no executor take another chunk; resume goes on from there."""
    from creneau.cluster import ready
    from creneau.operators import operator_name
    from creneau.settings import load_settings
    from replay import control

    kafka = ready(load_settings().kafka_settings())
    paused = control.pause(kafka, replay_id, by=operator_name(), reason=reason)
    if as_json:
        typer.echo(json.dumps({"id": paused, "state": "paused"}))
    else:
        typer.echo(f"replay {paused} is paused; go on with: creneau replay resume {paused}")


def resume(
    replay_id: Id = None,
    executors: Annotated[
        int, typer.Option(min=0, help="Take part with so many processes; 0: leave it to others.")
    ] = 0,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", help="With --executors: go on without asking at a canary yet to come."
        ),
    ] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Go on with a paused replay; with --executors, take part in it (paused or not).

    Where it has paused at its canary, this accepts it.
    """
    from creneau.cluster import ready
    from creneau.operators import operator_name
    from creneau.replays import Replays
    from creneau.settings import load_settings
    from ledger.fold import ReplayState
    from ledger.reader import read_ledger
    from producer_contract.errors import BadUseError
    from replay import control

    if yes and not executors:
        raise BadUseError("--yes answers for who takes part: give --executors 1 with it")
    replays = Replays(load_settings())
    ready(replays.kafka)
    found = control.find_replay(read_ledger(replays.kafka), replay_id)
    if not executors or found.state is not ReplayState.RUNNING:
        control.resume(replays.kafka, found.replay_id, by=operator_name(), reason=reason)
    if executors:
        carrying_out.take_part(replays, found.replay_id, executors, yes=yes, as_json=as_json)
    elif as_json:
        typer.echo(json.dumps({"id": found.replay_id, "state": "running"}))
    else:
        typer.echo(f"replay {found.replay_id} goes on")
        typer.echo(f"next: {carrying_out.who_works(replays.kafka, found.replay_id)}")


def cancel(replay_id: Id = None, reason: Reason = "", as_json: Json = False) -> None:
    """End a replay for good; what it has corrected stays corrected."""
    from creneau.cluster import ready
    from creneau.operators import operator_name
    from creneau.settings import load_settings
    from replay import control

    kafka = ready(load_settings().kafka_settings())
    cancelled = control.cancel(kafka, replay_id, by=operator_name(), reason=reason)
    if as_json:
        typer.echo(json.dumps({"id": cancelled, "state": "cancelled"}))
    else:
        typer.echo(f"replay {cancelled} is cancelled; what it corrected stays")


def share(text: str | None) -> float | None:
    """A share as people write it: ``1%`` or ``0.01``."""
    from producer_contract.errors import BadUseError

    if text is None:
        return None
    try:
        number = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < 1:
        raise BadUseError(f"--canary '{text}' is no share between 0 and 1: give 1% or 0.01")
    return number
