"""One transaction: outcomes, closed runs and offsets, all or nothing."""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import TopicPartition

from broker.names import Names
from broker.session import TransactionalSession
from consumer.open_runs import Advance
from consumer.outcomes import Outcomes
from ledger.metadata import encode
from ledger.runs import encode_run


def commit(
    session: TransactionalSession,
    names: Names,
    advances: Mapping[int, Advance],
    group_metadata: Any,
    outcomes: Outcomes | None = None,
) -> None:
    """Write everything and commit; ``advances`` by source partition.

    Raises:
        TransactionAborted, SessionLost: see ``broker.session``; nothing is known to be committed.
    """
    session.begin()
    if outcomes is not None:
        _write_outcomes(session, names, outcomes)
    for advance in advances.values():
        for run in advance.runs:
            session.produce(names.scoring_runs, 0, key=None, value=encode_run(run))
    offsets = [
        TopicPartition(
            names.slot_created,
            partition,
            advance.position.offset,
            metadata=encode(advance.metadata),
        )
        for partition, advance in advances.items()
    ]
    session.send_offsets(offsets, group_metadata)
    session.commit()


def _write_outcomes(session: TransactionalSession, names: Names, outcomes: Outcomes) -> None:
    outputs = outcomes.outputs
    session.produce_all(names.slot_probability, outputs.partitions, outputs.keys, outputs.values)
    for letter in outcomes.dead_letters:
        session.produce(
            names.dead_letters,
            letter.partition,
            key=letter.key,
            value=letter.value,
            headers=letter.headers,
        )
