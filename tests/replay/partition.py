"""One source partition, and what workers and executors have left of it on Kafka."""

from dataclasses import dataclass, field

from broker.groups import Committed
from ledger import metadata
from ledger.metadata import CommitMetadata
from replay.observed import Kind, Outcome

STEP = 2
"""Every event stands at an even offset: transaction markers take the odd ones."""

NOTHING_COMMITTED = Committed(None, "")


@dataclass
class Partition:
    """``published``: when, of each event; ``committed``: by the workers' group; ``outcomes`` in the
    order in which they stand on Kafka; ``live_end``: behind the last one of live scoring."""

    published: list[int] = field(default_factory=list)
    committed: Committed = NOTHING_COMMITTED
    outcomes: list[Outcome] = field(default_factory=list)
    live_end: int | None = None

    @property
    def end(self) -> int:
        return len(self.published) * STEP

    @property
    def open_run(self) -> CommitMetadata | None:
        """None: the group has not committed, or an operator has moved it since."""
        return metadata.parse(self.committed.metadata)

    def offsets(self, start: int, end: int) -> range:
        """The events in ``[start, end)``."""
        return range(-(-start // STEP) * STEP, end, STEP)

    def first_at(self, moment: int) -> int:
        """The first offset published at or after a moment, as Kafka has it."""
        late = (place for place, at in enumerate(self.published) if at >= moment)
        return next(late, len(self.published)) * STEP

    def first_outcome(self) -> int | None:
        """The lower source offset of the first output's and the first dead letter's."""
        dead = (one.source_offset for one in self.outcomes if one.kind is Kind.DEAD_LETTER)
        output = (one.source_offset for one in self.outcomes if one.kind is not Kind.DEAD_LETTER)
        firsts = [next(dead, None), next(output, None)]
        return min((one for one in firsts if one is not None), default=None)
