"""Requesting a replay, joining one, and following it to its end: what several commands share."""

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from broker.settings import KafkaSettings
    from creneau.following import Ended
    from creneau.replays import Replays
    from ledger.fold import Replay
    from replay.request import Order
    from replay.shift import Shift


def say(line: str) -> None:
    """Tell the operator, beside what the command prints."""
    print(line, file=sys.stderr, flush=True)


def carry_out(
    replays: "Replays", order: "Order", *, executors: int, yes: bool, reason: str, as_json: bool
) -> None:
    """Request a replay and follow it to its end; ``executors`` 0: only request it."""
    from creneau.executor_log import drop_if_empty, keep_log

    # Passing over old tasks is logged too.
    log = keep_log(replays.settings.var)
    try:
        requested = replays.request(order, reason, say)
    except KeyboardInterrupt:
        drop_if_empty(log)
        say("creneau replay status says whether the replay was requested")
        say("if it was: creneau replay resume ID --executors 1; else give this command again")
        raise
    except BaseException:
        drop_if_empty(log)
        raise
    chunks = len(requested.plan.chunks)
    if executors:
        say(f"replay {requested.replay_id}: {chunks} chunks; executors log to {log}")
        follow(replays, requested.replay_id, executors, yes=yes, as_json=as_json)
        return
    drop_if_empty(log)
    if as_json:
        typer.echo(
            json.dumps({"id": requested.replay_id, "epoch": requested.epoch, "state": "running"})
        )
    else:
        typer.echo(f"replay {requested.replay_id} requested: {chunks} chunks")
        typer.echo(f"next: {who_works(replays.kafka, requested.replay_id)}")


def join_or_carry_out(
    replays: "Replays", order: "Order", *, executors: int, reason: str, as_json: bool
) -> None:
    """As ``carry_out``; where a replay that does what is asked is active, take part in it."""
    from creneau.operators import operator_name
    from ledger.fold import ReplayState
    from ledger.reader import read_ledger
    from replay.control import resume

    active = read_ledger(replays.kafka).active_replay
    if active is None or not does(active, order):
        carry_out(replays, order, executors=executors, yes=False, reason=reason, as_json=as_json)
        return
    say(f"replay {active.replay_id} of it is {active.state}: going on with that one")
    # At its canary the operator is asked first, as always.
    if active.state is ReplayState.PAUSED and not active.at_canary:
        resume(replays.kafka, active.replay_id, by=operator_name(), reason=reason)
    take_part(replays, active.replay_id, executors, yes=False, as_json=as_json)


def does(replay: "Replay", order: "Order") -> bool:
    """Whether a replay does all that is ordered. Pure."""
    request = replay.request
    return (
        request.with_model == order.with_model
        and request.scope == order.scope
        and bool(order.from_models)
        and set(order.from_models) <= set(request.from_models)
    )


def take_part(
    replays: "Replays", replay_id: str, executors: int, *, yes: bool, as_json: bool
) -> None:
    """Follow a replay that is there already, with executors of our own."""
    from creneau.executor_log import keep_log

    say(f"executors log to {keep_log(replays.settings.var)}")
    follow(replays, replay_id, executors, yes=yes, as_json=as_json)


def follow(replays: "Replays", replay_id: str, executors: int, *, yes: bool, as_json: bool) -> None:
    """Take part in a replay until it ends, and tell how."""
    from creneau.following import Follower
    from creneau.progress import shift_lines

    def answer(shift: "Shift") -> bool:
        for line in ["canary reached", *shift_lines(shift)]:
            say(line)
        return yes or (sys.stdin.isatty() and confirmed("go on?"))

    ended = Follower(replays, replay_id, executors, answer=answer).follow()
    _tell(replays, replay_id, ended, executors, as_json=as_json)
    if ended.code:
        _tell_why(replays)
    if ended.code or ended.status.state == "cancelled":
        raise typer.Exit(ended.code or 1)


def _tell(
    replays: "Replays", replay_id: str, ended: "Ended", executors: int, *, as_json: bool
) -> None:
    """How it ended, and what comes next."""
    from creneau.replays import write_certificate

    status, path = ended.status, None
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


def _tell_why(replays: "Replays") -> None:
    """What an executor that could not go on has said, and what to do."""
    from creneau.executor_log import last_error, log_path

    say(last_error(log_path(replays.settings.var)) or "an executor could not go on; see its log")
    say("once that is mended: creneau replay resume --executors 1, or creneau replay cancel")


def who_works(kafka: "KafkaSettings", replay_id: str) -> str:
    """What to do next where the work is left to executors that run elsewhere."""
    from broker.clients import new_admin
    from producer_contract.errors import UnavailableError
    from replay.fence import executors

    try:
        running = len(executors(kafka, new_admin(kafka)))
    except UnavailableError:
        return "creneau replay status --watch (where no executor runs: creneau replay executor)"
    if running:
        return f"creneau replay status --watch (executors running: {running})"
    return (
        "start an executor, none is running: creneau replay executor, or creneau replay resume "
        f"{replay_id} --executors 1"
    )


def confirmed(question: str) -> bool:
    """Ask; Ctrl-C is a ``KeyboardInterrupt`` here as anywhere else."""
    _forget_what_was_typed_before()
    try:
        return typer.confirm(question, default=False, err=True)
    except typer.Abort:
        raise KeyboardInterrupt from None


def _forget_what_was_typed_before() -> None:
    """On a terminal: a key pressed while the bar was running answers no question."""
    if not sys.stdin.isatty():
        return
    with suppress(ImportError):  # Not on Windows.
        import termios

        termios.tcflush(sys.stdin, termios.TCIFLUSH)
