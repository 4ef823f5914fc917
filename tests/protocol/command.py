"""The operator's command: decisions, the fence, the plan, the cancellation, in a given order."""

from collections.abc import Iterator
from enum import Enum

from .decisions import Cancel, Promote, Record, Request, Revoke, active, tasks
from .group import pending
from .plan import affected, chunks, models_to_replace
from .rules import Rule, Rules
from .state import EXECUTORS, RUNS, WORKERS, Committed, Meta, State, Step
from .transactions import unmarked, visible


class Move(Enum):
    """What the command does between its decisions."""

    LIST = "list the partitions"
    FENCE = "await the fences"
    PLAN = "plan and request the replay"
    CANCEL = "cancel the replay"


Script = tuple[Promote | Revoke | Move, ...]


def steps(state: State, rules: Rules, script: Script, chunk: int) -> Iterator[Step]:
    """The next step of the command, if it can be taken."""
    command = state.command
    if command.step == len(script):
        return
    move = script[command.step]
    state = state._replace(command=command._replace(step=command.step + 1))
    if isinstance(move, Promote | Revoke):
        yield f"ledger {len(state.ledger)}: {_spoken(move)}", _decide(state, move)
    elif move is Move.LIST:
        yield from _list(state, rules)
    elif move is Move.FENCE:
        yield from _fence(state, rules)
    elif move is Move.PLAN:
        yield from _plan(state, rules, chunk)
    else:
        yield _cancel(state)


def _spoken(record: Record) -> str:
    if isinstance(record, Promote):
        return f"{record.model} is promoted"
    assert isinstance(record, Revoke)
    return f"{', '.join(record.models)} is revoked, replaced by {record.replacement}"


def _decide(state: State, record: Promote | Revoke) -> State:
    command = state.command
    if isinstance(record, Revoke):
        command = command._replace(revocation=len(state.ledger))
    return state._replace(ledger=(*state.ledger, record), command=command)


def _list(state: State, rules: Rules) -> Iterator[Step]:
    """Without its rule the partitions are those the command found as it started."""
    if Rule.PARTITIONS_AFTER_REVOCATION in rules:
        command = state.command._replace(listed=len(state.outputs))
        state = state._replace(command=command)
    yield f"the command awaits {state.command.listed} partition(s)", state


def _fence(state: State, rules: Rules) -> Iterator[Step]:
    """See the fences, then take the high watermarks of what the plan will read."""
    command = state.command
    if Rule.DRAIN_BEFORE_PLAN in rules and not _drained(state):
        return
    committed = tuple(state.groups[WORKERS][p] for p in range(command.listed))
    acknowledged = [_acknowledged(state, rules, p, held) for p, held in enumerate(committed)]
    enough = all if Rule.FENCE_ALL_PARTITIONS in rules else any
    if not enough(acknowledged):
        return
    offsets = tuple(0 if held is None else held.offset for held in committed)
    logs = [(RUNS, unmarked(state.runs))]
    logs += [(p, unmarked(state.outputs[p])) for p in range(command.listed)]
    awaits = tuple(sorted((writer, log) for log, writers in logs for writer in writers))
    if Rule.PLAN_AWAITS_MARKERS not in rules:
        awaits = ()
    state = state._replace(
        command=command._replace(fences=committed, awaits=awaits),
        fences=(*state.fences, (command.revocation, offsets)),
    )
    yield f"the fences of revocation {command.revocation} stand at {offsets}", state


def _drained(state: State) -> bool:
    committed = state.groups[EXECUTORS][0]
    return (0 if committed is None else committed.offset) == len(tasks(state.ledger))


def _acknowledged(state: State, rules: Rules, p: int, committed: Committed | None) -> bool:
    if Rule.FENCE_REQUIRES_STABLE in rules and pending(state, WORKERS, p):
        return False
    meta: Meta | None = None if committed is None else committed.meta
    if meta is None:
        return Rule.NO_METADATA_NO_FENCE not in rules
    return Rule.FENCE_AWAITS_EPOCH not in rules or meta.epoch >= state.command.revocation


def _plan(state: State, rules: Rules, chunk: int) -> Iterator[Step]:
    """Write the request and its chunks: one transaction, so nobody sees one without the other."""
    command, ledger = state.command, state.ledger
    if command.awaits or active(ledger) is not None:
        return
    every = Rule.EVERY_REVOKED_MODEL in rules
    models = models_to_replace(ledger, command.revocation, every)
    runs = visible(state.runs)
    planned = tuple(
        piece
        for p, committed in enumerate(command.fences)
        for piece in chunks(
            p,
            affected(ledger, rules, models, p, runs, visible(state.outputs[p]), committed),
            chunk,
        )
    )
    revocation = ledger[command.revocation]
    assert isinstance(revocation, Revoke)
    request = Request(models, str(revocation.replacement), planned)
    spoken = ", ".join(f"{c.partition}:[{c.start},{c.end})" for c in planned) or "nothing"
    label = (
        f"ledger {len(ledger)}: replay of {'+'.join(models)} with {request.with_model}: {spoken}"
    )
    done = command._replace(fences=())
    yield label, state._replace(ledger=(*ledger, request), command=done)


def _cancel(state: State) -> Step:
    request = active(state.ledger)
    if request is None:
        return "no replay is left to cancel", state
    ledger = (*state.ledger, Cancel(request))
    return f"ledger {len(state.ledger)}: replay {request} is cancelled", state._replace(
        ledger=ledger, completing=None
    )
