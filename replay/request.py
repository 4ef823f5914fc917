"""Asking for a replay: check, fence, drain, plan, then request and tasks in one transaction."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from broker.clients import new_admin
from broker.log import partitions_of
from broker.settings import KafkaSettings
from ledger.fold import LedgerState
from ledger.reader import read_ledger
from ledger.records import MAX_RECORD_BYTES, Record, ReplayRequested, Scope, Selection, encode
from ledger.runs import RunsReader
from ledger.writer import append
from replay.chunk_scorer import Load
from replay.errors import (
    LedgerMovedError,
    NotAReplacementError,
    NotRevokedError,
    PlanTooLargeError,
    ReplayActiveError,
    UnusableReplacementError,
)
from replay.fence import Fence, wait_for_fence
from replay.knowledge import Scanned, read_knowledge, scan
from replay.plan import Plan, affected_ranges, cut, make_plan
from replay.selection import selected_offsets
from replay.source import Archive, gone_ranges, refuse_gone
from replay.tasks import spread

_ENVELOPE = 1_024
"""Bytes of a record batch around the record, generously."""


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator asks for. ``from_models`` empty: every model ever revoked.

    ``canary``: the share of the affected offsets after which the replay pauses itself. ``rate``:
    events per second, over all executors.
    """

    with_model: str
    from_models: tuple[str, ...] = ()
    selection: Selection = field(default_factory=Selection)
    rate: float | None = None
    canary: float | None = None

    @property
    def scope(self) -> Scope:
        return "all" if self.selection == Selection() else self.selection


@dataclass(frozen=True, slots=True)
class Requested:
    """A replay that stands on the ledger, and the plan it came from."""

    replay_id: str
    epoch: int
    plan: Plan


def models_to_replay(state: LedgerState, order: Order) -> frozenset[str]:
    """The models whose probabilities are to be made again. Pure.

    Raises:
        UnknownVersionError, NotRevokedError, UnusableReplacementError, ReplayActiveError: the order
            cannot be carried out as the ledger stands.
    """
    from_models = frozenset(order.from_models) or state.revoked
    refuse_unusable_models(state, from_models, order.with_model)
    if not from_models:
        raise NotRevokedError(
            "no model was ever revoked, so there is nothing to replay: creneau model revoke"
        )
    for version in sorted(from_models - state.revoked):
        raise NotRevokedError(
            f"model '{version}' is not revoked and may still score; revoke it first: "
            f"creneau model revoke {version} --with {order.with_model} --reason …"
        )
    active = state.active_replay
    if active is not None:
        raise ReplayActiveError(
            f"replay {active.replay_id} is {active.state}; one at a time: wait for it (creneau "
            "replay status) or end it (creneau replay cancel)"
        )
    return from_models


def refuse_unusable_models(
    state: LedgerState, from_models: frozenset[str], with_model: str
) -> None:
    """See that the ledger knows all of them, and that the replacement may score. Pure.

    Raises:
        UnknownVersionError, UnusableReplacementError, NotAReplacementError: names the first that is
            not so.
    """
    for version in sorted({*from_models, with_model}):
        state.model(version)
    if not state.usable(with_model):
        raise UnusableReplacementError(
            f"model '{with_model}' was revoked itself: give another one --with"
        )
    if with_model in from_models:
        raise NotAReplacementError(f"model '{with_model}' cannot replace itself")


def request_replay(
    kafka: KafkaSettings,
    order: Order,
    *,
    by: str,
    reason: str,
    chunk_offsets: int,
    load: Load,
    drain: Callable[[], None],
    archive: Archive | None = None,
    say: Callable[[str], None],
) -> Requested:
    """Put a replay on the ledger with all its tasks.

    Waits for the fence (``say`` gets a line for what it waits for), then calls ``drain``, which
    must return only when no chunk of an old replay can still commit.

    Raises:
        CreneauError: the order cannot be carried out; nothing was written.
    """
    state = read_ledger(kafka)
    from_models = models_to_replay(state, order)
    load(state.models[order.with_model])
    runs = RunsReader(kafka)
    try:
        # While the workers change their model: after the fence only the last runs are left to read.
        runs.read_to_end()
        fence = wait_for_fence(kafka, revocation_epoch(state, from_models), say=say)
        drain()
        # Partitions may have acknowledged, and others decided, more than the first reading knew.
        state = read_ledger(kafka)
        refuse_moved(state, order, from_models)
        plan = plan_replay(kafka, state, from_models, fence, order, chunk_offsets, say, runs)
    finally:
        runs.close()
    refuse_gone(gone_ranges(kafka, new_admin(kafka), plan.affected), archive)
    return _write(kafka, order, from_models, fence.offsets, plan, by=by, reason=reason)


def refuse_moved(state: LedgerState, order: Order, from_models: frozenset[str]) -> None:
    """See that ``order`` still stands for ``from_models``. Pure.

    Raises:
        LedgerMovedError: it stands for other models by now.
        BadUseError: it cannot be carried out any more, as in ``models_to_replay``.
    """
    moved = models_to_replay(state, order) ^ from_models
    if moved:
        raise LedgerMovedError(
            f"model '{min(moved)}' was revoked meanwhile; nothing was written: start again"
        )


def revocation_epoch(state: LedgerState, from_models: frozenset[str]) -> int:
    """The epoch that every partition must have acknowledged: the last of these revocations."""
    epochs = (state.models[version].revoked_at for version in from_models)
    return max(epoch for epoch in epochs if epoch is not None)


def plan_replay(
    kafka: KafkaSettings,
    state: LedgerState,
    from_models: frozenset[str],
    fence: Fence,
    order: Order,
    chunk_offsets: int,
    say: Callable[[str], None],
    runs: RunsReader,
) -> Plan:
    """The plan: the runs are read to their end after the fence was seen closed, and a scan fills
    their gaps."""
    knowledge = read_knowledge(kafka, state, fence.standing, runs)
    seen = Scanned()
    if knowledge.to_scan:
        seen = scan(kafka, state, knowledge, fence.offsets, say)
    ranges: Mapping[int, Sequence[tuple[int, int]]] = affected_ranges(
        [*knowledge.runs, *seen.runs], from_models, seen.held
    )
    if order.selection != Selection():
        ranges = cut(ranges, selected_offsets(kafka, order.selection))
    return make_plan(ranges, fence.offsets, chunk_offsets=chunk_offsets, canary=order.canary)


def _write(
    kafka: KafkaSettings,
    order: Order,
    from_models: frozenset[str],
    fences: Mapping[int, int],
    plan: Plan,
    *,
    by: str,
    reason: str,
) -> Requested:
    replay_id = str(uuid.uuid4())
    request = ReplayRequested(
        at=datetime.now(UTC),
        by=by,
        reason=reason,
        replay_id=replay_id,
        from_models=tuple(sorted(from_models)),
        with_model=order.with_model,
        scope=order.scope,
        fences=fences,
        affected=plan.affected,
        chunks=len(plan.chunks),
        rate=order.rate,
        canary_chunks=plan.canary_chunks,
    )
    _refuse_too_large(request)

    def decide(state: LedgerState) -> Sequence[Record]:
        # Again, under the ledger's lock: another operator may have been quicker.
        refuse_moved(state, order, from_models)
        return [request]

    topic = kafka.names.replay_tasks
    partitions = len(partitions_of(new_admin(kafka), topic))
    tasks = spread(topic, partitions, replay_id, plan.chunks, plan.canary_chunks or 0)
    offsets = append(kafka, decide, companions=lambda: tasks)
    return Requested(replay_id, offsets[0], plan)


def _refuse_too_large(request: ReplayRequested) -> None:
    size = len(encode(request))
    if size > MAX_RECORD_BYTES - _ENVELOPE:
        raise PlanTooLargeError(
            f"the plan has {len(request.affected)} ranges and {size:,} bytes; a record of the "
            f"ledger holds {MAX_RECORD_BYTES:,}: replay in parts, with --partitions or "
            "--published-from"
        )
