"""The outcomes on Kafka, of one source partition, as a plain reader finds them."""

from collections.abc import Iterator

from broker.settings import KafkaSettings
from ledger.fold import LedgerState
from producer_contract.codec import Refusal, decode_slot_probability
from replay.observed import Kind, Outcome
from replay.plain import read_dead_offsets, read_outputs


def read_outcomes(kafka: KafkaSettings, partition: int, state: LedgerState) -> Iterator[Outcome]:
    """Every output and every dead letter of source partition ``partition``, to the logs' ends.

    A dead letter carries no version: its epoch says which model was in force.
    """
    for value in read_outputs(kafka, partition):
        try:
            output = decode_slot_probability(value)
        except Refusal:
            continue
        if output.source_partition == partition:
            kind = Kind.WITHDRAWAL if output.probability is None else Kind.PROBABILITY
            yield Outcome(output.source_offset, output.epoch, output.model_version, kind)
    replacements = {replay.epoch: replay.request.with_model for replay in state.replays.values()}
    for offset, epoch in read_dead_offsets(kafka, partition):
        version = replacements.get(epoch, state.in_force_at_epoch(epoch))
        yield Outcome(offset, epoch, version, Kind.DEAD_LETTER)
