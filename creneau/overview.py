"""Everything at a glance: cluster, model, workers, lag, dead letters, replay, the next step."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from broker.clients import new_admin
from broker.groups import Committed, committed
from broker.log import last_stable_offsets, log_starts, partitions_of
from creneau.cluster import ready
from creneau.replays import Replays
from ledger.fold import LedgerState
from ledger.in_force import open_run
from ledger.reader import read_ledger
from ledger.runs import Run, read_runs
from replay.fence import Fence, executors, fence_of, members, standings, what_is_awaited
from replay.status import ReplayStatus, StatusReader

MOST_PARTITIONS: Final = 8
"""Shown by name, those furthest behind; ``--json`` has them all."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What ``creneau status`` shows. ``lag``: offsets behind, by partition; ``dead`` and
    ``scored``: live outcomes so far; ``acknowledged``: of the last decision, partitions of all;
    ``fence``: of the last revocation that is to be corrected, while a replay has to wait for it;
    ``executors``: how many take part in replays; ``replacement_revoked``: the active replay scores
    with a model that must not be used."""

    cluster: str
    in_force: str | None
    epoch: int | None
    models: int
    workers: dict[str, list[int]]
    lag: dict[int, int]
    scored: int
    dead: int
    acknowledged: int
    replay: ReplayStatus | None
    executors: int = 0
    fence: Fence | None = None
    revoked_uncorrected: tuple[str, ...] = field(default=())
    replacement_revoked: bool = False

    def as_json(self) -> dict[str, Any]:
        """The same as an object."""
        return {
            "cluster": self.cluster,
            "in_force": self.in_force,
            "epoch": self.epoch,
            "acknowledged": self.acknowledged,
            "workers": self.workers,
            "lag": {str(partition): lag for partition, lag in self.lag.items()},
            "scored": self.scored,
            "dead": self.dead,
            "awaited": self.awaited(),
            "replay": self.replay.as_json() if self.replay else None,
            "executors": self.executors,
            "next": self.next_step(),
        }

    def next_step(self) -> str:
        """What one usually does next. Pure."""
        if self.replay is not None and self.replacement_revoked:
            return "creneau replay cancel: the model that it scores with is revoked"
        if not self.models:
            return "creneau model train --data DIR, then register and promote"
        paused = self.replay is not None and self.replay.state == "paused"
        if self.in_force is None:
            then = ", then creneau replay resume --executors 1" if paused else ""
            return f"creneau model promote VERSION (creneau model list shows them){then}"
        if paused:
            return "creneau replay resume --executors 1, or creneau replay cancel"
        if self.replay is not None and not self.executors:
            return "creneau replay resume --executors 1: no executor is running"
        if self.replay is not None:
            return "creneau replay status --watch"
        if not self.workers:
            return "creneau worker"
        if self.revoked_uncorrected:
            return f"creneau replay preview --with {self.in_force}, then creneau replay start"
        return "nothing to do; a corrupted model: creneau model revoke (docs/runbook.md)"

    def awaited(self) -> str | None:
        """What a replay has to wait for before it can begin. Pure."""
        if self.fence is None:
            return None
        return what_is_awaited(self.fence, self.workers.values())

    def lines(self) -> list[str]:
        """For people."""
        behind = sorted(self.lag.items(), key=lambda item: (-item[1], item[0]))
        shown_behind = [(partition, lag) for partition, lag in behind[:MOST_PARTITIONS] if lag]
        more = sum(lag > 0 for _, lag in behind[MOST_PARTITIONS:])
        shown = [
            f"cluster       {self.cluster}, {len(self.lag)} partitions",
            f"model         {self.in_force or 'none in force'}"
            + (
                f" (epoch {self.epoch}, {self.acknowledged} of {len(self.lag)} partitions "
                "acknowledged)"
                if self.epoch is not None
                else ""
            ),
            f"workers       {len(self.workers)}",
            *(
                f"              {name}: partitions {', '.join(map(str, held)) or 'none'}"
                for name, held in self.workers.items()
            ),
            f"lag           {sum(self.lag.values()):,} offsets",
            *(f"              partition {partition}: {lag:,}" for partition, lag in shown_behind),
            *([f"              and {more} more partitions"] if more else []),
            f"outcomes      {self.scored:,} scored, {self.dead:,} dead letters",
        ]
        if (awaited := self.awaited()) is not None:
            shown.append(f"fence         {awaited}")
        if self.replay is not None:
            one = self.replay
            shown.append(
                f"replay        {one.id}: {one.state}, {one.corrected:,} of {one.affected:,}"
                f"{f' ({one.why})' if one.why else ''}; {self.executors} executors"
            )
        return [*shown, f"next          {self.next_step()}"]


def overview(replays: Replays) -> Overview:
    """Read it all from Kafka.

    Raises:
        NoClusterError: no broker answers.
        TopicMissingError: the topics are not there.
    """
    kafka = ready(replays.kafka)
    admin, topic = new_admin(kafka), kafka.names.slot_created
    state = read_ledger(kafka)
    partitions = partitions_of(admin, topic)
    answers = committed(admin, kafka.names.worker_group, topic, partitions, require_stable=False)
    ends = last_stable_offsets(admin, topic, partitions)
    starts = log_starts(admin, topic, partitions)
    standing = standings(answers)
    every = read_runs(kafka)
    every += [open_run(p, one.offset, one.metadata, state) for p, one in standing.items()]
    runs = [run for run in every if run.replay_id is None]
    at = {p: answers[p].offset for p in partitions}
    uncorrected = _uncorrected(state, every)
    return Overview(
        cluster=kafka.bootstrap_servers,
        in_force=state.in_force,
        epoch=state.epoch,
        models=len(state.models),
        workers=members(kafka, admin),
        lag={p: max(0, ends[p] - (starts[p] if at[p] is None else at[p] or 0)) for p in partitions},
        scored=sum(run.scored for run in runs),
        dead=sum(run.dead for run in runs),
        acknowledged=_acknowledged(answers, state),
        replay=_active(replays, state),
        executors=len(executors(kafka, admin)),
        fence=_open_fence(state, answers, uncorrected),
        revoked_uncorrected=uncorrected,
        replacement_revoked=_replacement_revoked(state),
    )


def _open_fence(
    state: LedgerState, answers: Mapping[int, Committed], uncorrected: Iterable[str]
) -> Fence | None:
    """The fence that a replay of these models has to wait for; None: there is none, or it is
    closed, or the replay has begun."""
    epochs = [state.models[version].revoked_at or 0 for version in uncorrected]
    if not epochs or state.active_replay is not None:
        return None
    fence = fence_of(answers, max(epochs))
    return None if fence.closed else fence


def _acknowledged(answers: Mapping[int, Committed], state: LedgerState) -> int:
    return 0 if state.epoch is None else len(fence_of(answers, state.epoch).standing)


def _active(replays: Replays, state: LedgerState) -> ReplayStatus | None:
    if state.active_replay is None:
        return None
    reader = StatusReader(replays.kafka, replays.replay.limits)
    try:
        return reader.read(state, state.active_replay)
    finally:
        reader.close()


def _replacement_revoked(state: LedgerState) -> bool:
    active = state.active_replay
    return active is not None and not state.usable(active.request.with_model)


def _uncorrected(state: LedgerState, runs: Iterable[Run]) -> tuple[str, ...]:
    """The revoked models that have scored, live or in a replay, and are not corrected by one."""
    scored_with = {run.model_version for run in runs if run.events}
    corrected = {
        version
        for replay in state.replays.values()
        if replay.completed is not None and replay.request.scope == "all"
        for version in replay.request.from_models
    }
    return tuple(sorted((state.revoked & scored_with) - corrected))
