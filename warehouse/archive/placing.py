"""Where each partition goes on: from the group's offsets, and where they say nothing, from what
the archive has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from broker.clients import new_admin
from broker.groups import Committed, committed
from broker.log import high_watermarks, log_starts
from broker.settings import KafkaSettings
from ledger.in_force import without
from warehouse.archive.coverage import first_gap
from warehouse.archive.jobs import StillRunningError
from warehouse.archive.partition import ArchivedTopic
from warehouse.archive.plan import Plan, Span, Spent, Standing, parse

_LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a partition stands; ``committed``: what the group has, the log start if nothing.

    ``problem``: a person has to act before it goes on, or, where it ``passes``, only time.
    """

    standing: Standing
    committed: int
    problem: str | None = None
    passes: bool = False


Ranges = Callable[[ArchivedTopic, int], list[Span]]
"""What of a partition is in the warehouse: a query, asked only where it is needed."""

Done = Callable[[ArchivedTopic, int, Plan], bool]
"""Whether a plan is carried out, asked where its records are gone."""

Void = Callable[[ArchivedTopic, int, Plan], None]
"""Called before a plan is given up: nothing can be loaded by it afterwards."""


class Placing:
    """Places partitions, reading the group's offsets anew each time."""

    def __init__(
        self, kafka: KafkaSettings, *, ranges: Ranges, done: Done, void: Void, accept_lost: bool
    ) -> None:
        self._kafka = kafka
        self._ranges = ranges
        self._done = done
        self._void = void
        self._accept_lost = accept_lost

    def __call__(self, topic: ArchivedTopic, partitions: Sequence[int]) -> dict[int, Place]:
        """The places of these partitions.

        Raises:
            UnavailableError: Kafka or BigQuery did not answer.
        """
        # A client of its own each time, see broker.groups.
        admin = new_admin(self._kafka)
        group = self._kafka.names.archive_group
        # require_stable: a predecessor's transaction is over once this has answered.
        offsets = committed(admin, group, topic.topic, partitions)
        starts = log_starts(admin, topic.topic, partitions)
        ends = high_watermarks(admin, topic.topic, partitions)
        return {p: self._place(topic, p, offsets[p], starts[p], ends[p]) for p in partitions}

    def _place(
        self, topic: ArchivedTopic, partition: int, found: Committed, start: int, end: int
    ) -> Place:
        standing = self._standing(topic, partition, found, start)
        committed = start if found.offset is None else found.offset
        if standing.offset > end:
            return Place(
                standing,
                committed,
                f"it is archived to offset {standing.offset} and the log ends at {end}: is the "
                "dataset another cluster's? Set [warehouse] dataset",
            )
        if standing.offset >= start:
            return Place(standing, committed)
        try:
            # The records of its plan are gone; perhaps its jobs had been sent before.
            if standing.plan is not None and self._done(topic, partition, standing.plan):
                standing = standing.past()
            if standing.offset >= start:
                return Place(standing, committed)
            return self._lost(topic, partition, standing, start, committed)
        except StillRunningError as error:
            return Place(standing, committed, str(error), passes=True)

    def _standing(
        self, topic: ArchivedTopic, partition: int, found: Committed, start: int
    ) -> Standing:
        """By the group; where it knows nothing, or was moved, nothing is loaded a second time."""
        ours = None if found.offset is None else parse(found.offset, found.metadata)
        if ours is not None and not ours.at_its_limit:
            return ours
        offset = start if found.offset is None else found.offset
        spans = self._ranges(topic, partition)
        # Offsets that are nobody's leave no hole behind what was archived: it was never passed by
        # us. Behind a limit that we have reached there is none.
        first = offset if ours is not None else min([offset, *(a for a, _ in spans)])
        gap = first_gap(spans, first)
        if gap.start != offset or gap.limit is not None:
            _LOG.warning(
                "the group's offset is not the archive's: what is archived is left out",
                partition=f"{topic.topic}[{partition}]",
                offset=offset,
                goes_on=gap.start,
                until=gap.limit,
            )
        spent = Spent() if ours is None else ours.spent
        return Standing(gap.start, gap.start, spent, limit=gap.limit)

    def _lost(
        self, topic: ArchivedTopic, partition: int, standing: Standing, start: int, committed: int
    ) -> Place:
        spans = self._ranges(topic, partition)
        lost = without([(standing.offset, start)], spans)
        if lost and not self._accept_lost:
            which = " and ".join(f"{a} to {b}" for a, b in (lost[0], lost[-1])[: len(lost)])
            return Place(
                standing,
                committed,
                f"offsets {which} were deleted by Kafka's retention "
                "before they were archived; set archive.accept_lost to go on behind them",
            )
        if standing.plan is not None:
            # Its owner may be frozen just before it sends a job. What it has sent is asked again.
            self._void(topic, partition, standing.plan)
            spans = self._ranges(topic, partition)
            lost = without([(standing.offset, start)], spans)
        if lost:
            _LOG.error("records lost", partition=f"{topic.topic}[{partition}]", offsets=lost)
        # A part of its plan may have been loaded: that is left out.
        gap = first_gap(spans, start)
        return Place(Standing(gap.start, gap.start, standing.spent, limit=gap.limit), committed)
