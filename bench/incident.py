"""One incident: a model is revoked and replayed by the operator's own commands.

Times are Kafka's timestamps on the ledger and on the runs, not what the commands print.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.commands import CRENEAU, Finished, run, settings_of
from broker.log import read_to_end
from broker.settings import KafkaSettings
from ledger.reader import read_ledger
from ledger.records import ModelRevoked, Record, ReplayCompleted, ReplayRequested, decode
from ledger.runs import read_runs_timed

GAVE_WAY = "replay gives way"
"""What an executor logs when it stops for live scoring."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What ledger, runs and the executors' log tell of a replay. Times in seconds since 1970."""

    revoked_at: float
    requested_at: float
    """The request stands on the ledger: the fence was awaited, the plan made, the tasks written."""
    completed_at: float
    corrected: int
    chunks: int
    executor_rate: float
    """Events per second between the first and the last chunk's commit, by all executors."""
    gave_way: int
    """How often the governor stopped one."""

    @property
    def plan_seconds(self) -> float:
        return self.requested_at - self.revoked_at

    @property
    def seconds(self) -> float:
        return self.completed_at - self.revoked_at


@dataclass(frozen=True, slots=True)
class Incident(Replayed):
    """What one replay took, and the commands of it. Memory in MiB."""

    preview_seconds: float
    """``replay preview``, the process's start and the sample's reads included."""
    executor_mib: float
    command_mib: float
    """The command that revokes, plans and follows."""
    verify_mib: float
    verify_seconds: float
    checked: int


def revoke_and_replay(
    kafka: KafkaSettings, folder: Path, corrupted: str, replacement: str
) -> Incident:
    """Revoke a model that is in force, replay all it ever emitted with one executor, verify.

    Raises:
        RuntimeError: a command failed, or something was left behind.
    """
    preview = preview_replay(kafka, folder, corrupted, replacement)
    done = carry_out(kafka, folder, corrupted, replacement, executors=1)
    status = json.loads(done.said)
    return incident(
        kafka, folder, corrupted, status["id"], preview, done, verify(kafka, folder, status)
    )


def preview_replay(
    kafka: KafkaSettings, folder: Path, corrupted: str, replacement: str
) -> Finished:
    """``creneau replay preview``."""
    what = ["replay", "preview", "--from-model", corrupted, "--with", replacement, "--json"]
    return run(
        [*CRENEAU, *what], settings_of(kafka, folder), log_of(kafka, folder, "preview", corrupted)
    )


def carry_out(
    kafka: KafkaSettings, folder: Path, corrupted: str, replacement: str, *, executors: int
) -> Finished:
    """``creneau model revoke --replay``; it says how the replay ended. Where the same was begun
    before, it goes on."""
    what = ["model", "revoke", corrupted, "--with", replacement, "--reason", "a benchmark"]
    return run(
        [*CRENEAU, *what, "--replay", "--executors", str(executors), "--json"],
        settings_of(kafka, folder),
        log_of(kafka, folder, "revoke", corrupted),
    )


def verify(kafka: KafkaSettings, folder: Path, status: dict[str, Any]) -> Finished:
    """``creneau replay verify`` of the certificate of what ``carry_out`` said."""
    what = ["replay", "verify", str(status["certificate"]), "--json"]
    return run(
        [*CRENEAU, *what], settings_of(kafka, folder), log_of(kafka, folder, "verify", status["id"])
    )


def log_of(kafka: KafkaSettings, folder: Path, command: str, of: str) -> Path:
    """Where a command of an incident logs."""
    return folder / f"{kafka.prefix}{command}-{of}.log"


def incident(
    kafka: KafkaSettings,
    folder: Path,
    corrupted: str,
    replay_id: str,
    preview: Finished,
    done: Finished,
    proof: Finished,
) -> Incident:
    """What the commands took, and what ledger and runs tell of the replay."""
    replayed = replayed_of(kafka, folder, corrupted, replay_id)
    return Incident(
        preview_seconds=preview.seconds,
        executor_mib=done.child_mib,
        command_mib=done.own_mib,
        verify_mib=max(proof.own_mib, proof.child_mib),
        verify_seconds=proof.seconds,
        checked=json.loads(proof.said)["checked"],
        **asdict(replayed),
    )


def replayed_of(kafka: KafkaSettings, folder: Path, corrupted: str, replay_id: str) -> Replayed:
    """What is known of a completed replay of ``corrupted``."""
    revoked_at, requested_at, completed_at = _times(kafka, corrupted, replay_id)
    own = sorted(
        (at / 1_000, run.events) for at, run in read_runs_timed(kafka) if run.replay_id == replay_id
    )
    assert len(own) == read_ledger(kafka).replays[replay_id].request.chunks
    return Replayed(
        revoked_at=revoked_at,
        requested_at=requested_at,
        completed_at=completed_at,
        corrected=sum(events for _, events in own),
        chunks=len(own),
        executor_rate=_rate(own),
        gave_way=_executors_log(folder).read_text("utf-8", "replace").count(GAVE_WAY),
    )


def _executors_log(folder: Path) -> Path:
    """What the executors of the last replay have logged."""
    return max((folder / "log").glob("replay-*.log"), key=lambda path: path.stat().st_mtime)


def _rate(own: list[tuple[float, int]]) -> float:
    """Of what came after the first commit: starting up is left out."""
    (first, _), (last, _) = own[0], own[-1]
    return sum(events for _, events in own[1:]) / (last - first) if last > first else float("nan")


def _times(kafka: KafkaSettings, corrupted: str, replay_id: str) -> tuple[float, float, float]:
    found: dict[type[Record], float] = {}
    for message in read_to_end(kafka, kafka.names.model_ledger, partitions=[0]):
        record = decode(message.value())
        ours = (isinstance(record, ModelRevoked) and corrupted in record.versions) or (
            isinstance(record, ReplayRequested | ReplayCompleted) and record.replay_id == replay_id
        )
        if ours:
            found[type(record)] = message.timestamp()[1] / 1_000
    return found[ModelRevoked], found[ReplayRequested], found[ReplayCompleted]
