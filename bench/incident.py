"""One incident: a model is revoked and replayed by the operator's own commands.

Times are Kafka's timestamps on the ledger and on the runs, not what the commands print.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from bench.commands import CRENEAU, run, settings_of
from broker.log import read_to_end
from broker.settings import KafkaSettings
from ledger.reader import read_ledger
from ledger.records import ModelRevoked, Record, ReplayCompleted, ReplayRequested, decode
from ledger.runs import of_replay, read_runs_timed

GAVE_WAY = "replay gives way"
"""What an executor logs when it stops for live scoring."""


@dataclass(frozen=True, slots=True)
class Incident:
    """What one replay took. Times in seconds since 1970, memory in MiB."""

    preview_seconds: float
    """``replay preview``, the process's start and the sample's reads included."""
    revoked_at: float
    requested_at: float
    """The request stands on the ledger: the fence was awaited, the plan made, the tasks written."""
    completed_at: float
    corrected: int
    chunks: int
    executor_rate: float
    """Events per second between the first and the last chunk's commit, by the one executor."""
    gave_way: int
    """How often the governor stopped it."""
    executor_mib: float
    command_mib: float
    """The command that revokes, plans and follows."""
    verify_mib: float
    verify_seconds: float
    checked: int

    @property
    def plan_seconds(self) -> float:
        return self.requested_at - self.revoked_at

    @property
    def seconds(self) -> float:
        return self.completed_at - self.revoked_at


def revoke_and_replay(
    kafka: KafkaSettings, folder: Path, corrupted: str, replacement: str
) -> Incident:
    """Revoke a model that is in force, replay all it ever emitted with one executor, verify.

    Raises:
        RuntimeError: a command failed, or something was left behind.
    """
    environment = settings_of(kafka, folder)
    look = ["replay", "preview", "--from-model", corrupted, "--with", replacement, "--json"]
    preview = run([*CRENEAU, *look], environment, folder / f"{kafka.prefix}preview-{corrupted}.log")
    what = ["model", "revoke", corrupted, "--with", replacement, "--reason", "a benchmark"]
    done = run(
        [*CRENEAU, *what, "--replay", "--executors", "1", "--json"],
        environment,
        folder / f"{kafka.prefix}revoke-{corrupted}.log",
    )
    status = json.loads(done.said)
    certificate = Path(status["certificate"])
    proof = run(
        [*CRENEAU, "replay", "verify", str(certificate), "--json"],
        environment,
        folder / f"{kafka.prefix}verify-{corrupted}.log",
    )
    verified = json.loads(proof.said)
    revoked_at, requested_at, completed_at = _times(kafka, corrupted, status["id"])
    timed = [(at / 1_000, run) for at, run in read_runs_timed(kafka)]
    own = sorted((at, run.events) for at, run in timed if run.replay_id == status["id"])
    request = read_ledger(kafka).replays[status["id"]].request
    assert len(of_replay((run for _, run in timed), status["id"])) == request.chunks
    return Incident(
        preview_seconds=preview.seconds,
        revoked_at=revoked_at,
        requested_at=requested_at,
        completed_at=completed_at,
        corrected=sum(events for _, events in own),
        chunks=len(own),
        executor_rate=_rate(own),
        gave_way=_executors_log(folder).read_text("utf-8", "replace").count(GAVE_WAY),
        executor_mib=done.child_mib,
        command_mib=done.own_mib,
        verify_mib=proof.own_mib,
        verify_seconds=proof.seconds,
        checked=verified["checked"],
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
