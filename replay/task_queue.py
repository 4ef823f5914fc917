"""The executor's place in its group: tasks one by one, and offsets committed in transactions."""

from collections.abc import Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from broker.clients import new_admin, new_consumer, session_time_out
from broker.consuming import membership, resume
from broker.errors import Decision, decide, kafka_error, unavailable
from broker.log import partitions_of
from broker.settings import KafkaSettings
from replay.settings import ReplaySettings
from replay.tasks import Task, decode_task


class TaskQueue:
    """A member of the executor group. No transaction may be open while ``poll`` is called: it is
    there that partitions come and go."""

    def __init__(self, kafka: KafkaSettings, settings: ReplaySettings) -> None:
        self._topic = kafka.names.replay_tasks
        self._where = kafka.bootstrap_servers
        self._partitions = len(partitions_of(new_admin(kafka), self._topic))
        self._skipped: dict[int, int] = {}
        self._held = False
        self._withheld: set[int] = set()
        self.assigned: frozenset[int] = frozenset()
        self._consumer: Consumer = new_consumer(
            kafka,
            group_id=kafka.names.executor_group,
            # A chunk is done when its run exists, so reading tasks again from the start is safe.
            auto_offset_reset="earliest",
            **session_time_out(settings.session_timeout_seconds),
        )
        self._consumer.subscribe(
            [self._topic], on_assign=self._assign, on_revoke=self._revoke, on_lost=self._revoke
        )

    @property
    def share(self) -> float:
        """This member's share of the task partitions, and so of a replay's rate."""
        return len(self.assigned) / self._partitions

    def poll(self, timeout: float) -> tuple[Task, TopicPartition] | None:
        """The next task and where it stands; None: there is none now.

        Raises:
            UnavailableError: the cluster refuses us.
        """
        self._pause(False)
        for message in self._consumer.consume(1, timeout=timeout):
            error = message.error()
            if error is None:
                return decode_task(message.value()), _place(message)
            if decide(error) in (Decision.PERSON, Decision.RECYCLE):
                raise unavailable(error, f"reading {self._topic}", self._where)
        return None

    def idle(self, timeout: float) -> None:
        """Stay in the group without taking a task."""
        self._pause(True)
        for message in self._consumer.consume(1, timeout=timeout):
            if message.error() is None:
                # Fetched before the pause took hold.
                self.put_back(_place(message))

    def skip(self, place: TopicPartition) -> None:
        """The task needs nothing: its offset goes with the next transaction."""
        self._skipped[place.partition] = place.offset + 1

    def put_back(self, place: TopicPartition) -> None:
        """Take this task again next time (if its partition is still ours), and all after it."""
        if self._skipped.get(place.partition, 0) > place.offset:
            del self._skipped[place.partition]
        if place.partition in self._withheld:
            # What is withheld there comes later than this.
            self._withheld.discard(place.partition)
            if not self._held:
                resume(self._consumer, [TopicPartition(self._topic, place.partition)])
        try:
            self._consumer.seek(place)
        except KafkaException as error:
            if decide(kafka_error(error)) is Decision.PERSON:
                raise unavailable(kafka_error(error), "going back to a task", self._where) from None

    def withhold(self, place: TopicPartition) -> None:
        """Put the task back, and take none of its partition until ``release``."""
        self.put_back(place)
        if place.partition in self.assigned:
            self._withheld.add(place.partition)
            self._consumer.pause([TopicPartition(self._topic, place.partition)])

    def release(self) -> None:
        """Take tasks of every partition again."""
        if self._withheld:
            self._withheld.clear()
            self._held = True
            self._pause(False)

    def offsets(self, done: TopicPartition | None = None) -> list[TopicPartition]:
        """What to commit: the skipped tasks, and ``done``."""
        ends = dict(self._skipped)
        if done is not None:
            ends[done.partition] = max(done.offset + 1, ends.get(done.partition, 0))
        return [TopicPartition(self._topic, partition, end) for partition, end in ends.items()]

    def committed(self) -> None:
        """What ``offsets`` gave has been committed."""
        self._skipped.clear()

    def group_metadata(self) -> Any:
        """Who we are in the group: to be taken with the task, not at the commit.

        Raises:
            MembershipLost: the group has put us out; its callback comes with the next poll.
        """
        return membership(self._consumer)

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _pause(self, held: bool) -> None:
        if held == self._held or not self.assigned:
            return
        chosen = self.assigned if held else self.assigned - self._withheld
        parts = [TopicPartition(self._topic, partition) for partition in chosen]
        if held:
            self._consumer.pause(parts)
        else:
            resume(self._consumer, parts)
        self._held = held

    def _assign(self, _: Consumer, parts: Sequence[TopicPartition]) -> None:
        self.assigned = frozenset(part.partition for part in parts)
        self._held = False
        self._withheld.clear()

    def _revoke(self, _: Consumer, parts: Sequence[TopicPartition]) -> None:
        gone = {part.partition for part in parts}
        self.assigned = self.assigned - gone
        # The next owner skips them again.
        self._skipped = {p: end for p, end in self._skipped.items() if p not in gone}
        self._withheld -= gone


def _place(message: Message) -> TopicPartition:
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    return TopicPartition(topic, partition, offset)
