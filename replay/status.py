"""Where a replay stands, all of it read from Kafka: any process can say."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from broker.clients import new_admin
from broker.log import READ_DEADLINE
from broker.settings import KafkaSettings
from ledger.fold import LedgerState, Replay, ReplayState
from ledger.runs import Run, RunsReader, of_replay
from replay.counts import Counted, count_events
from replay.governor import GO_ON, Limits, LiveReading, Verdict, govern
from replay.judgement import may_run
from replay.live import LiveGroup
from replay.tasks import uncommitted_tasks

RATE_SECONDS = 10.0
"""The rate is that of so many seconds before now."""

Timed = tuple[int, Run]
"""A run and when it was written (milliseconds since 1970)."""


@dataclass(frozen=True, slots=True)
class ReplayStatus:
    """A replay's progress. ``affected`` and ``corrected`` are events; ``rate`` per second;
    ``seconds_left`` None: done, or not to be told. ``why``: for a person."""

    id: str
    state: str
    affected: int
    corrected: int
    rate: float
    seconds_left: float | None
    live_lag: int
    by_partition: dict[str, dict[str, int]]
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """The object of the names page."""
        return {
            "id": self.id,
            "state": self.state,
            "affected": self.affected,
            "corrected": self.corrected,
            "rate": round(self.rate, 1),
            "seconds_left": None if self.seconds_left is None else round(self.seconds_left, 1),
            "live_lag": self.live_lag,
            "by_partition": self.by_partition,
        }


class StatusReader:
    """Reads the status of replays again and again, each time only what is new; close it after use.

    ``runs``: all that were there at the last reading. ``deadline_seconds``: for how long an open
    transaction may hold a reading up.
    """

    def __init__(
        self, kafka: KafkaSettings, limits: Limits, *, deadline_seconds: float = READ_DEADLINE
    ) -> None:
        self._kafka = kafka
        self._limits = limits
        self._deadline = deadline_seconds
        self._live = LiveGroup(kafka)
        self._runs = RunsReader(kafka)
        self._verdict = GO_ON
        self._affected: tuple[str, int, Counted] = ("", 0, Counted())

    @property
    def runs(self) -> list[Run]:
        return self._runs.runs

    def read(self, state: LedgerState, replay: Replay) -> ReplayStatus:
        """Where ``replay``, as it is in ``state``, stands now.

        Raises:
            UnavailableError: Kafka did not answer.
        """
        self._runs.read_to_end(deadline_seconds=self._deadline)
        reading = self._live.read()
        watched = replay.active and state.in_force is not None
        self._verdict = govern(reading, self._limits, self._verdict) if watched else GO_ON
        draining = replay.state is ReplayState.CANCELLED and self._drains(replay)
        shown, why = shown_state(replay, state, self._verdict, draining)
        timed = list(zip(self._runs.written_ms, self._runs.runs, strict=True))
        now_ms = int(time.time() * 1_000)
        return describe(replay, timed, self._count(replay), reading, shown, why, now_ms)

    def close(self) -> None:
        """Let the clients go."""
        self._live.close()
        self._runs.close()

    def _count(self, replay: Replay) -> Counted:
        """The affected events; counted anew only where a run from before the replay has come."""
        before = [run for run in self.runs if run.epoch < replay.epoch]
        if self._affected[:2] != (replay.replay_id, len(before)):
            counted = count_events(replay.request.affected, before)
            self._affected = (replay.replay_id, len(before), counted)
        return self._affected[2]

    def _drains(self, replay: Replay) -> bool:
        left = uncommitted_tasks(self._kafka, new_admin(self._kafka), require_stable=False)
        return any(task.replay_id == replay.replay_id for task in left)


def shown_state(
    replay: Replay, state: LedgerState, verdict: Verdict, draining: bool
) -> tuple[str, str]:
    """The state for people, and why. Pure."""
    if draining:
        return "draining", "cancelled; executors have yet to pass over its tasks"
    if replay.state is not ReplayState.RUNNING:
        return str(replay.state), ""
    if not may_run(replay, state):
        version = replay.request.with_model
        return "paused", f"its replacement '{version}' was revoked: creneau replay cancel"
    if verdict.gives_way:
        return "governed", verdict.why
    return "running", ""


def describe(
    replay: Replay,
    timed: Sequence[Timed],
    affected: Counted,
    live: LiveReading,
    shown: str,
    why: str,
    now_ms: int,
) -> ReplayStatus:
    """The status from what was read; ``affected``: what the runs before it count. Pure."""
    own = of_replay((run for _, run in timed), replay.replay_id)
    corrected: dict[int, int] = {}
    for run in own:
        corrected[run.source_partition] = corrected.get(run.source_partition, 0) + run.events
    done = sum(corrected.values())
    # Ranges that only a scan knew of are in no run: never less than what is done.
    total = max(affected.events, done)
    rate = _rate(replay, timed, now_ms)
    left = total - done
    return ReplayStatus(
        id=replay.replay_id,
        state=shown,
        affected=total,
        corrected=done,
        rate=rate,
        seconds_left=left / rate if shown in ("running", "governed") and rate > 0 else None,
        live_lag=live.total_lag,
        by_partition={
            str(partition): {
                "affected": max(
                    round(affected.by_partition.get(partition, 0)), corrected.get(partition, 0)
                ),
                "corrected": corrected.get(partition, 0),
            }
            for partition in sorted({interval.partition for interval in replay.request.affected})
        },
        why=why,
    )


def _rate(replay: Replay, timed: Sequence[Timed], now_ms: int) -> float:
    """Events per second: of late while it is active, over all of it once it is not."""
    own = [(at, run.events) for at, run in timed if run.replay_id == replay.replay_id]
    if not own:
        return 0.0
    began = replay.request.at.timestamp() * 1_000
    if replay.active:
        began = max(began, now_ms - RATE_SECONDS * 1_000)
        ended: float = now_ms
    else:
        ended = own[-1][0]
    events = sum(count for at, count in own if at >= began)
    return events / max((ended - began) / 1_000, 0.1)
