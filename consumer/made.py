"""A batch with its outcomes made: what is ready to be committed.

Making takes the processor, committing waits for the broker: a worker makes the outcomes of one
batch while those of the batch before it are committed.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from consumer.model_in_force import Stamp
from consumer.outcomes import Outcomes, Provenance, outcomes
from consumer.source import Batch


@dataclass(frozen=True, slots=True)
class Made:
    """``seconds``: how long it took to make."""

    batch: Batch
    stamp: Stamp
    outcomes: Outcomes
    seconds: float


def make(stamp: Stamp, batch: Batch, *, topic: str, distribution: str) -> Made:
    """The outcomes of ``batch`` under ``stamp``, which has an engine."""
    assert stamp.engine is not None
    assert stamp.epoch is not None
    assert stamp.version is not None
    started = time.monotonic()
    provenance = Provenance(
        topic=topic,
        epoch=stamp.epoch,
        model_version=stamp.version,
        scored_at=datetime.now(UTC),
        distribution=distribution,
    )
    result = outcomes(stamp.engine, batch.messages, provenance)
    return Made(batch, stamp, result, time.monotonic() - started)
