"""The partitions that this worker holds: where each stands, and whether its events flow.

Offsets are always assigned explicitly, and every partition starts paused: it flows once it has
acknowledged the present epoch. No transaction is ever open while a callback runs, because the
worker's loop polls only between transactions; so a revocation finds nothing to commit or abort, and
what was made of the events of a partition that went is thrown away.
"""

from collections.abc import Callable, Iterable, Sequence

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from broker.consuming import resume
from consumer.open_runs import Position
from consumer.placing import Place, Placed
from consumer.starting_point import StartingPoint

_LOG = structlog.get_logger()


class Assignment:
    """Follows the group's callbacks. ``epoch_now`` reads the ledger to its end, and says its epoch.

    ``changes`` counts the callbacks, and the rewinding of partitions that flow: what was consumed
    across one must be thrown away.
    """

    def __init__(
        self,
        consumer: Consumer,
        topic: str,
        place: Place,
        epoch_now: Callable[[], int | None],
    ) -> None:
        self._consumer = consumer
        self._topic = topic
        self._place = place
        self._epoch_now = epoch_now
        self._starts: dict[int, StartingPoint] = {}
        self._floors: dict[int, int] = {}
        self._flowing: set[int] = set()
        self._astray: set[int] = set()
        self.positions: dict[int, Position] = {}
        self.changes = 0
        self.joined = False

    def subscribe(self) -> None:
        """Join the group."""
        self._consumer.subscribe(
            [self._topic],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )

    @property
    def problems(self) -> dict[int, str]:
        """Why partitions wait for a person, by partition."""
        return {p: start.problem for p, start in self._starts.items() if start.problem is not None}

    def acknowledging(self, epoch: int) -> list[int]:
        """The partitions that have still to acknowledge ``epoch``, which must not go backwards."""
        return [
            p
            for p, position in self.positions.items()
            if position.owes(epoch) and epoch >= self._floor(p)
        ]

    def let_flow(self, epoch: int | None) -> None:
        """Let events flow where ``epoch`` is acknowledged, hold them elsewhere (None: all)."""
        if self._astray:
            self.rewind(self._astray & self.positions.keys())
        wanted = {
            p
            for p, position in self.positions.items()
            if epoch is not None
            and not position.owes(epoch)
            and epoch >= self._floor(p)
            and p not in self.problems
            and p not in self._astray
        }
        if wanted == self._flowing:
            return
        if held := self._flowing - wanted:
            self._consumer.pause(self._parts(held))
        if freed := wanted - self._flowing:
            resume(self._consumer, self._parts(freed))
        self._flowing = wanted

    def rewind(self, partitions: Iterable[int] | None = None) -> None:
        """Go back to what the group has committed, on some partitions or on all."""
        chosen = sorted(self.positions if partitions is None else partitions)
        if not chosen:
            return
        if self._flowing.intersection(chosen):
            self.changes += 1
        placed = self._place(chosen)
        try:
            self._consumer.incremental_unassign(self._parts(chosen))
            self._start(placed)
        except KafkaException as error:
            # The group has taken some meanwhile; its callback comes with the next poll. The others
            # stand past what is committed, and must not flow from there.
            self._astray.update(chosen)
            _LOG.info("rewinding while the group changes", why=str(error))

    def moved_to(self, partition: int, position: Position) -> None:
        """The partition stands here now: its transaction was committed."""
        self.positions[partition] = position

    def _floor(self, partition: int) -> int:
        run = self.positions[partition].run
        return max(self._floors.get(partition, 0), run.epoch if run is not None else 0)

    def _on_assign(self, _: Consumer, parts: Sequence[TopicPartition]) -> None:
        self.changes += 1
        self.joined = True
        chosen = sorted(part.partition for part in parts)
        if not chosen:
            self._consumer.incremental_assign([])
            return
        # A fresh reading each time: without it a new owner could score under an older decision
        # than the one before it did.
        epoch = self._epoch_now()
        self._floors |= dict.fromkeys(chosen, epoch or 0)
        self._start(self._place(chosen))

    def _on_revoke(self, _: Consumer, parts: Sequence[TopicPartition]) -> None:
        self._forget(parts)
        _LOG.info("partitions given back", partitions=sorted(part.partition for part in parts))

    def _on_lost(self, _: Consumer, parts: Sequence[TopicPartition]) -> None:
        self._forget(parts)
        _LOG.warning("partitions lost", partitions=sorted(part.partition for part in parts))

    def _start(self, placed: dict[int, Placed]) -> None:
        assigned = [TopicPartition(self._topic, p, one.fetch_from) for p, one in placed.items()]
        self._consumer.incremental_assign(assigned)
        self._consumer.pause(self._parts(placed))
        self._flowing -= placed.keys()
        self._astray -= placed.keys()
        for partition, one in placed.items():
            self._starts[partition] = one.start
            self.positions[partition] = one.start.position

    def _forget(self, parts: Sequence[TopicPartition]) -> None:
        self.changes += 1
        for part in parts:
            self._flowing.discard(part.partition)
            self._astray.discard(part.partition)
            self._starts.pop(part.partition, None)
            self._floors.pop(part.partition, None)
            self.positions.pop(part.partition, None)

    def _parts(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition) for partition in partitions]
