"""The end of a replay: every chunk has its run, and every reader can see its outputs."""

from collections.abc import Sequence
from datetime import UTC, datetime

from broker.clients import new_admin
from broker.log import high_watermarks, partitions_of, wait_until_stable
from broker.settings import KafkaSettings
from ledger.fold import LedgerState, Replay
from ledger.records import Record, ReplayCompleted
from ledger.runs import Run, of_replay, read_runs
from ledger.writer import append
from replay.canonical import Certificate, digest
from replay.certificate import make_certificate, union_of_runs
from replay.errors import CountsDisagreeError
from replay.totals import disagreements


def every_chunk_has_its_run(replay: Replay, runs: Sequence[Run]) -> bool:
    """Whether the replay's runs are all there: as many as its chunks, and no range left out."""
    own = of_replay(runs, replay.replay_id)
    if len(own) != replay.request.chunks:
        return False
    return tuple(union_of_runs(own)) == replay.request.affected


def complete(kafka: KafkaSettings, replay: Replay, by: str) -> Certificate | None:
    """Write ``ReplayCompleted``, once every chunk's run has been seen; the certificate.

    None: somebody else has completed or cancelled it meanwhile, or its replacement was revoked.

    Raises:
        CountsDisagreeError: the totals are not those of the runs that it replaces.
        NotCertifiableError: its runs are not its affected ranges.
        LogNotStableError: an open transaction keeps readers from seeing all of the outputs.
    """
    _wait_until_visible(kafka)
    runs = read_runs(kafka)
    _check_totals(replay, runs)
    now = datetime.now(UTC)
    now = now.replace(microsecond=now.microsecond // 1_000 * 1_000)
    made: list[Certificate] = []

    def decide(state: LedgerState) -> Sequence[Record]:
        current = state.replays[replay.replay_id]
        if not current.active or not state.usable(current.request.with_model):
            return ()
        certificate = make_certificate(state, runs, current, now)
        made.append(certificate)
        return (
            ReplayCompleted(
                at=now,
                by=by,
                reason="every chunk has its run",
                replay_id=replay.replay_id,
                certificate=digest(certificate),
            ),
        )

    append(kafka, decide)
    return made[0] if made else None


def _wait_until_visible(kafka: KafkaSettings) -> None:
    """Kafka answers a commit before it writes the markers: a run's may show in its log before
    those of the outputs do in theirs."""
    admin = new_admin(kafka)
    topic = kafka.names.slot_probability
    ends = high_watermarks(admin, topic, partitions_of(admin, topic))
    wait_until_stable(admin, topic, ends)


def _check_totals(replay: Replay, runs: Sequence[Run]) -> None:
    found = disagreements(replay.request.affected, runs, replay.replay_id, replay.epoch)
    if found:
        first = found[0]
        raise CountsDisagreeError(
            f"replay {replay.replay_id} met {first.met} events in partition "
            f"{first.interval.partition}, offsets [{first.interval.from_offset}, "
            f"{first.interval.to_offset}), where live scoring had {first.expected}: it is not "
            "completed; keep the topics as they are and cancel it: creneau replay cancel"
        )
