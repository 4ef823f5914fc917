"""``creneau replay``: start, steer and carry out replays."""

import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from creneau.cli import replay_reports

if TYPE_CHECKING:
    from creneau.replays import Replays
    from replay.request import Order
    from replay.shift import Shift

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[
    str | None,
    typer.Argument(
        metavar="ID", help="Its beginning is enough; unset: the active one, or the last."
    ),
]
Reason = Annotated[str, typer.Option(help="Why; kept on the ledger.")]
FromModels = Annotated[
    list[str] | None,
    typer.Option("--from-model", help="May be given several times; unset: all ever revoked."),
]
WithModel = Annotated[str, typer.Option("--with", help="The model to score with.")]
Moment = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"],
        help="By Kafka's timestamp, as in 2026-11-24T03:00:00Z.",
    ),
]
Partitions = Annotated[str | None, typer.Option(help="Only these source partitions, as in 0,3,5.")]
Executors = Annotated[int, typer.Option(min=1, help="Executor processes on this machine.")]


def attach(app: typer.Typer) -> None:
    """Hang ``replay`` on the main app."""
    replay = typer.Typer(
        help="Make the probabilities of revoked models again, and prove it.", no_args_is_help=True
    )
    replay_reports.attach_preview(replay)
    for command in (start, executor, pause, resume, cancel):
        replay.command()(command)
    replay_reports.attach(replay)
    app.add_typer(replay, name="replay")


def start(
    with_model: WithModel,
    from_model: FromModels = None,
    published_from: Moment = None,
    published_to: Moment = None,
    partitions: Partitions = None,
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Events per second, over all executors.")
    ] = None,
    canary: Annotated[
        str | None, typer.Option(help="Pause after this share and show the shift, as in 1%.")
    ] = None,
    executors: Executors = 1,
    detach: Annotated[
        bool, typer.Option("--detach", help="Leave the work to running executors.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Go on at the canary without asking.")] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Re-score everything that revoked models emitted, newest first, beside live scoring.

    Waits until every partition has acknowledged the revocation, then replays. Ctrl-C leaves it
    paused. Ends with the certificate.
    """
    from creneau.replays import Replays
    from creneau.settings import load_settings
    from replay.request import Order

    order = Order(
        with_model,
        tuple(from_model or ()),
        replay_reports.selection(partitions, published_from, published_to),
        rate,
        share(canary),
    )
    replays = Replays(load_settings())
    carry_out(
        replays,
        order,
        executors=0 if detach else executors,
        yes=yes,
        reason=reason,
        as_json=as_json,
    )


def carry_out(
    replays: "Replays", order: "Order", *, executors: int, yes: bool, reason: str, as_json: bool
) -> None:
    """Request a replay and follow it to its end; ``executors`` 0: only request it."""

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    requested = replays.request(order, reason, say)
    chunks = len(requested.plan.chunks)
    if executors:
        say(f"replay {requested.replay_id}: {chunks} chunks")
        follow(replays, requested.replay_id, executors, yes=yes, as_json=as_json)
    elif as_json:
        typer.echo(
            json.dumps({"id": requested.replay_id, "epoch": requested.epoch, "state": "running"})
        )
    else:
        typer.echo(f"replay {requested.replay_id} requested: {chunks} chunks")
        typer.echo("next: creneau replay status --watch (executors: creneau replay executor)")


def follow(replays: "Replays", replay_id: str, executors: int, *, yes: bool, as_json: bool) -> None:
    """Take part in a replay until it ends, and tell how."""
    from creneau.following import Follower, shift_lines
    from creneau.replays import write_certificate

    def answer(shift: "Shift") -> bool:
        for line in ["canary reached", *shift_lines(shift)]:
            print(line, file=sys.stderr)
        return yes or (sys.stdin.isatty() and _confirmed("go on?"))

    ended = Follower(replays, replay_id, executors, answer=answer).follow()
    status = ended.status
    path = None
    if status.state == "completed":
        path = replays.certificate_path(replay_id)
        write_certificate(replays.certificate(replay_id), path)
    if as_json:
        typer.echo(json.dumps(status.as_json() | {"certificate": str(path) if path else None}))
    elif path is not None:
        typer.echo(f"completed: {status.corrected:,} events corrected")
        typer.echo(f"next: creneau replay verify {path}")
    else:
        typer.echo(f"replay {replay_id} is {status.state} at {status.corrected:,} events")
        if status.state == "paused":
            typer.echo(f"next: creneau replay resume {replay_id} --executors {executors}")
    if ended.code:
        typer.echo(
            "once that is mended: creneau replay executor, or creneau replay cancel", err=True
        )
    if ended.code or status.state == "cancelled":
        raise typer.Exit(ended.code or 1)


def _confirmed(question: str) -> bool:
    """Ask; Ctrl-C is a ``KeyboardInterrupt`` here as anywhere else."""
    try:
        return typer.confirm(question, default=False, err=True)
    except typer.Abort:
        raise KeyboardInterrupt from None


def executor(
    processes: Annotated[int, typer.Option(min=1, help="Executor processes.")] = 1,
) -> None:
    """Carry out detached replays, until stopped (SIGTERM or Ctrl-C). Idle without one."""
    import signal
    import threading

    from creneau.replays import Replays
    from creneau.settings import load_settings
    from creneau.structured_log import configure_log

    configure_log()
    stopped = threading.Event()
    signals: list[int] = []

    def stop(number: int, _: object) -> None:
        signals.append(number)
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    replays = Replays(load_settings())
    # A bad setting is said once, here, not by every process that the pool starts.
    _ = (replays.kafka, replays.replay)
    code = replays.pool(processes, started=False).run(stopped)
    if signal.SIGINT in signals:
        raise KeyboardInterrupt
    raise typer.Exit(code)


def pause(replay_id: Id = None, reason: Reason = "") -> None:
    """Let no executor take another chunk."""
    from creneau.operators import operator_name
    from creneau.settings import load_settings
    from replay import control

    kafka = load_settings().kafka_settings()
    paused = control.pause(kafka, replay_id, by=operator_name(), reason=reason)
    typer.echo(f"replay {paused} is paused; go on with: creneau replay resume {paused}")


def resume(
    replay_id: Id = None,
    executors: Annotated[
        int, typer.Option(min=0, help="Take part with so many processes; 0: leave it to others.")
    ] = 0,
    yes: Annotated[bool, typer.Option("--yes", help="Go on at the canary without asking.")] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Go on with a paused replay; with --executors, take part in it (paused or not)."""
    from creneau.operators import operator_name
    from creneau.replays import Replays
    from creneau.settings import load_settings
    from ledger.fold import ReplayState
    from ledger.reader import read_ledger
    from replay import control

    replays = Replays(load_settings())
    found = control.find_replay(read_ledger(replays.kafka), replay_id)
    if not executors or found.state is not ReplayState.RUNNING:
        control.resume(replays.kafka, found.replay_id, by=operator_name(), reason=reason)
    if executors:
        follow(replays, found.replay_id, executors, yes=yes, as_json=as_json)
    else:
        typer.echo(f"replay {found.replay_id} goes on; next: creneau replay status --watch")


def cancel(replay_id: Id = None, reason: Reason = "") -> None:
    """End a replay for good; what it has corrected stays corrected."""
    from creneau.operators import operator_name
    from creneau.settings import load_settings
    from replay import control

    kafka = load_settings().kafka_settings()
    cancelled = control.cancel(kafka, replay_id, by=operator_name(), reason=reason)
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
