"""Asking for a replay: check, fence, drain, plan, then request and tasks in one transaction."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from broker.clients import new_admin
from broker.log import high_watermarks, log_starts, offsets_for_time, partitions_of
from broker.settings import KafkaSettings
from ledger.fold import LedgerState
from ledger.reader import read_ledger
from ledger.records import MAX_RECORD_BYTES, Record, ReplayRequested, Scope, Selection, encode
from ledger.writer import append
from replay.chunk_scorer import Load
from replay.errors import (
    BadSelectionError,
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
    fence = wait_for_fence(kafka, revocation_epoch(state, from_models), say=say)
    drain()
    # Partitions may have acknowledged, and others decided, more than the first reading knew.
    state = read_ledger(kafka)
    refuse_moved(state, order, from_models)
    plan = plan_replay(kafka, state, from_models, fence, order, chunk_offsets, say)
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
) -> Plan:
    """The plan: the runs are read after the fence was seen closed, and a scan fills their gaps."""
    knowledge = read_knowledge(kafka, state, fence.standing)
    seen = Scanned()
    if knowledge.to_scan:
        seen = scan(kafka, state, knowledge, fence.offsets, say)
    ranges: Mapping[int, Sequence[tuple[int, int]]] = affected_ranges(
        [*knowledge.runs, *seen.runs], from_models, seen.held
    )
    if order.selection != Selection():
        ranges = cut(ranges, selected_offsets(kafka, order.selection))
    return make_plan(ranges, fence.offsets, chunk_offsets=chunk_offsets, canary=order.canary)


def selected_offsets(kafka: KafkaSettings, selection: Selection) -> dict[int, tuple[int, int]]:
    """The offsets that a selection stands for, by partition.

    Times become offsets as Kafka has it: from the first record published at or after
    ``published_from``, up to the first one published at or after ``published_to``. Where that is
    the first one kept, what is gone may be as late: then it belongs to the selection too.

    Raises:
        BadSelectionError: a partition that is not there, or an empty span of time.
    """
    admin, topic = new_admin(kafka), kafka.names.slot_created
    there = partitions_of(admin, topic)
    chosen = there if selection.partitions is None else list(selection.partitions)
    strange = sorted(set(chosen) - set(there))
    if strange:
        raise BadSelectionError(f"{topic} has no partition {strange[0]}: it has {len(there)}")
    low, high = selection.published_from, selection.published_to
    if low is not None and high is not None and low >= high:
        raise BadSelectionError("--published-from must lie before --published-to")
    starts = dict.fromkeys(chosen, 0)
    if low is not None:
        found = offsets_for_time(admin, topic, chosen, _milliseconds(low))
        starts = beginnings(found, log_starts(admin, topic, chosen))
    ends = (
        high_watermarks(admin, topic, chosen)
        if high is None
        else offsets_for_time(admin, topic, chosen, _milliseconds(high))
    )
    return {p: (starts[p], ends[p]) for p in chosen}


def beginnings(found: Mapping[int, int], log_starts: Mapping[int, int]) -> dict[int, int]:
    """Where a selection from a time on begins, by partition. Pure.

    ``found``: the first offset kept that was published at or after the time. Kafka cannot say when
    events were published that it has let go. Only where an earlier event is still kept do they lie
    before the time; where the first one kept is late enough itself, they count as selected
    (offset 0), for a replay to be refused over them rather than to leave them out in silence.
    """
    return {p: offset if offset > log_starts[p] else 0 for p, offset in found.items()}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)


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
