"""The outcomes on Kafka, of one source partition, as a plain reader finds them."""

from collections.abc import Iterator
from contextlib import closing

from broker.settings import KafkaSettings
from ledger.fold import LedgerState
from producer_contract.codec import Refusal, decode_slot_probability
from replay.observed import Kind, Outcome
from replay.plain import PlainReader


def read_outcomes(kafka: KafkaSettings, partition: int, state: LedgerState) -> Iterator[Outcome]:
    """Every output and every dead letter of source partition ``partition``, to the logs' ends.

    A dead letter carries no version: its epoch says which model was in force.
    """
    replacements = {replay.epoch: replay.request.with_model for replay in state.replays.values()}
    with closing(PlainReader(kafka)) as reader:
        for value in reader.outputs(partition):
            try:
                output = decode_slot_probability(value)
            except Refusal:
                continue
            if output.source_partition == partition:
                kind = Kind.WITHDRAWAL if output.probability is None else Kind.PROBABILITY
                yield Outcome(output.source_offset, output.epoch, output.model_version, kind)
        for offset, epoch in reader.dead_offsets(partition):
            version = replacements.get(epoch, state.in_force_at_epoch(epoch))
            yield Outcome(offset, epoch, version, Kind.DEAD_LETTER)
