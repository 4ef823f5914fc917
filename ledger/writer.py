"""Writing to the ledger: one at a time, and only what is valid after everything before it.

One fixed transactional id: initialising it fences whoever else is writing, so between our reading
to the end and our commit nobody can slip a record in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from broker.session import SessionFenced, SessionLost, TransactionAborted, TransactionalSession
from broker.settings import KafkaSettings
from ledger.fold import LedgerState
from ledger.reader import LedgerReader, read_records
from ledger.records import MAX_RECORD_BYTES, Record, encode, utc_text
from producer_contract.errors import UnavailableError


class LedgerConflict(UnavailableError):  # noqa: N818  what happened, not only that it failed
    """Another operator wrote at the same moment; nothing of ours was written."""


class LedgerNotWrittenError(UnavailableError):
    """The cluster did not take the record; nothing of ours was written."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A record of another topic that must appear together with ours, or not at all."""

    topic: str
    partition: int
    value: bytes


Decide = Callable[[LedgerState], Sequence[Record]]


def append(
    kafka: KafkaSettings,
    decide: Decide,
    *,
    companions: Callable[[], Sequence[Companion]] = tuple,
) -> list[int]:
    """Take the ledger over, read it to its end, decide, append, commit; the offsets written.

    ``decide`` gets the state at the end and may raise to refuse; nothing is written then, nor where
    it gives no record. ``companions`` is asked after it.

    Raises:
        LedgerConflict: somebody else took the ledger over before our commit.
        LedgerNotWrittenError: the cluster refused.
    """
    session = _open(kafka)
    try:
        before, start = _read(kafka)
        records = list(decide(before))
        if not records:
            return []
        _write(kafka, session, records, companions())
    except TransactionAborted as error:
        raise LedgerNotWrittenError(f"the ledger was not written: {error}; try again") from error
    except SessionLost as error:
        # The commit may have been answered by nobody: what stands on the ledger decides.
        return _settle(kafka, records, start, error)
    finally:
        session.close()
    return _settle(kafka, records, start, None)


def _open(kafka: KafkaSettings) -> TransactionalSession:
    try:
        return TransactionalSession(
            kafka,
            kafka.names.ledger_transactional_id,
            message_max_bytes=MAX_RECORD_BYTES,
        )
    except SessionLost as error:
        raise LedgerConflict(
            "another operator is writing to the ledger at this moment; "
            "see creneau model log, then try again"
        ) from error


def _read(kafka: KafkaSettings) -> tuple[LedgerState, int]:
    """The state at the end, and the offset that the next record gets at least."""
    reader = LedgerReader(kafka)
    try:
        return reader.read_to_end(), reader.position
    finally:
        reader.close()


def _write(
    kafka: KafkaSettings,
    session: TransactionalSession,
    records: Sequence[Record],
    companions: Sequence[Companion],
) -> None:
    session.begin()
    for record in records:
        session.produce(kafka.names.model_ledger, 0, key=None, value=encode(record))
    for companion in companions:
        session.produce(companion.topic, companion.partition, key=None, value=companion.value)
    session.commit()


def _settle(
    kafka: KafkaSettings, records: Sequence[Record], start: int, lost: SessionLost | None
) -> list[int]:
    """The offsets of our records, read back; without them, what was written instead."""
    since = list(read_records(kafka, start))
    wanted = [encode(record) for record in records]
    offsets = [offset for offset, record in since if encode(record) in wanted]
    if len(offsets) == len(records):
        return offsets
    if isinstance(lost, SessionFenced) or since:
        raise LedgerConflict(_in_between(since)) from lost
    raise LedgerNotWrittenError(f"the ledger was not written: {lost}; try again") from lost


def _in_between(since: Sequence[tuple[int, Record]]) -> str:
    written = [f"{record.type} by {record.by} at {utc_text(record.at)}" for _, record in since]
    return (
        "another operator wrote to the ledger at the same moment "
        f"({'; '.join(written) or 'nothing of it is on the ledger yet'}); "
        "yours was not written: look at creneau model log, then decide again"
    )
