"""Finding out where partitions stand: everything that ``starting_point`` has to know."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog
from confluent_kafka.admin import AdminClient

from broker.clients import new_admin
from broker.groups import committed
from broker.log import high_watermarks, log_starts, partitions_of
from broker.settings import KafkaSettings
from consumer.starting_point import Origin, StartingPoint, needs_traces, starting_point
from consumer.traces import traces

_LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Placed:
    """A starting point, and the offset inside the log from which to fetch."""

    start: StartingPoint
    fetch_from: int


class Place(Protocol):
    """Places partitions; raises ``UnavailableError`` when the cluster does not answer."""

    def __call__(self, partitions: Sequence[int]) -> dict[int, Placed]: ...


class GroupPlacing:
    """Places partitions by the worker group's committed offsets, read anew each time."""

    def __init__(self, kafka: KafkaSettings, *, accept_lost: bool) -> None:
        self._kafka = kafka
        self._accept_lost = accept_lost

    def __call__(self, partitions: Sequence[int]) -> dict[int, Placed]:
        # A client of its own each time: one that has lived through a restart of the broker may
        # wait for ever for a coordinator it believes to know (librdkafka #5511; seen).
        admin = new_admin(self._kafka)
        names = self._kafka.names
        topic = names.slot_created
        # require_stable: a predecessor's transaction is over once this has answered.
        offsets = committed(admin, names.worker_group, topic, partitions)
        starts = log_starts(admin, topic, partitions)
        ends = high_watermarks(admin, topic, partitions)
        unknown = [p for p in partitions if needs_traces(offsets[p])]
        left = traces(self._kafka, unknown) if unknown else {}
        homeless = self._homeless(admin)
        placed: dict[int, Placed] = {}
        for p in partitions:
            start = starting_point(
                offsets[p],
                starts[p],
                ends[p],
                traces=left.get(p),
                accept_lost=self._accept_lost,
            )
            if p in homeless and start.problem is None:
                start = replace(start, problem=homeless[p])
            fetch_from = min(max(start.position.offset, starts[p]), ends[p])
            placed[p] = Placed(start, fetch_from)
            _say(topic, p, start)
        return placed

    def _homeless(self, admin: AdminClient) -> dict[int, str]:
        """The partitions whose outcomes have nowhere to go yet, and what to do about it."""
        names = self._kafka.names
        source = partitions_of(admin, names.slot_created)
        return {
            p: f"topic '{topic}' has no partition {p} for its outcomes; creneau topics apply"
            for topic in (names.slot_probability, names.dead_letters)
            for p in set(source) - set(partitions_of(admin, topic))
        }


def _say(topic: str, partition: int, start: StartingPoint) -> None:
    where = f"{topic}[{partition}]"
    offset = start.position.offset
    if start.problem is not None:
        _LOG.error("partition waits", partition=where, why=start.problem)
    elif start.position.lost is not None:
        lost = start.position.lost
        _LOG.error(
            "events lost to retention", partition=where, first=lost.from_offset, end=lost.to_offset
        )
    if start.origin in (Origin.EXPIRED, Origin.MOVED):
        _LOG.warning(f"partition {start.origin.value}", partition=where, offset=offset)
    else:
        _LOG.info(f"partition {start.origin.value}", partition=where, offset=offset)
