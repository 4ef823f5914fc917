"""The fence: below it the revoked models' events are a closed set, above it they never score.

A partition is fenced by its committed offset once the metadata committed with it says that a worker
has acknowledged the revocation: a slower worker's later commit is refused by the group. A partition
without such metadata is not fenced, however its offset looks. What happens without that look at the
metadata is shown by
``tests/heart/test_fence.py::test_without_the_metadata_check_probabilities_are_left_behind``.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from confluent_kafka.admin import AdminClient

from broker.clients import new_admin
from broker.errors import kafka_error, unavailable
from broker.groups import Committed, committed
from broker.log import partitions_of
from broker.settings import KafkaSettings
from ledger.metadata import CommitMetadata, parse
from replay.errors import NotFencedError

POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Standing:
    """Where live scoring stands in one partition: its committed offset and its open run."""

    offset: int
    metadata: CommitMetadata


@dataclass(frozen=True, slots=True)
class Fence:
    """How far the partitions have acknowledged a revocation at ``epoch``.

    ``standing`` holds those that have; ``waiting`` the others.
    """

    epoch: int
    standing: Mapping[int, Standing]
    waiting: tuple[int, ...]

    @property
    def closed(self) -> bool:
        return not self.waiting

    @property
    def offsets(self) -> dict[int, int]:
        """The fences: partition → offset."""
        return {partition: one.offset for partition, one in self.standing.items()}

    def __str__(self) -> str:
        total = len(self.standing) + len(self.waiting)
        return (
            f"revocation at epoch {self.epoch}: "
            f"{len(self.standing)} of {total} partitions acknowledged"
        )


def standings(answers: Mapping[int, Committed]) -> dict[int, Standing]:
    """The partitions in which a worker has committed, from what the group says."""
    found = {}
    for partition, answer in answers.items():
        metadata = parse(answer.metadata)
        if answer.offset is not None and metadata is not None:
            found[partition] = Standing(answer.offset, metadata)
    return found


def fence_of(answers: Mapping[int, Committed], epoch: int) -> Fence:
    """What the group's committed offsets and metadata say of a revocation at ``epoch``. Pure.

    ``answers`` must be for every partition that the topic had after the revocation was visible.
    """
    acknowledged = {
        partition: standing
        for partition, standing in standings(answers).items()
        if standing.metadata.epoch >= epoch
    }
    return Fence(epoch, acknowledged, tuple(sorted(set(answers) - set(acknowledged))))


def read_fence(kafka: KafkaSettings, admin: AdminClient, epoch: int) -> Fence:
    """The fence now. The caller has seen the revocation on the ledger: the partitions are read
    here, after it, so that one that was added meanwhile is among them."""
    partitions = partitions_of(admin, kafka.names.slot_created)
    return fence_of(
        committed(admin, kafka.names.worker_group, kafka.names.slot_created, partitions), epoch
    )


def wait_for_fence(
    kafka: KafkaSettings,
    epoch: int,
    *,
    say: Callable[[str], None],
    timeout: float | None = None,
) -> Fence:
    """Wait until every partition has acknowledged ``epoch``; ``say`` gets a line as that changes.

    Raises:
        NotFencedError: ``timeout`` seconds have passed (None: never).
    """
    admin = new_admin(kafka)
    deadline = None if timeout is None else time.monotonic() + timeout
    said = ""
    while True:
        fence = read_fence(kafka, admin, epoch)
        if fence.closed:
            return fence
        line = what_is_awaited(fence, members(kafka, admin).values())
        if line != said:
            said = line
            say(line)
        if deadline is not None and time.monotonic() > deadline:
            raise NotFencedError(line)
        time.sleep(POLL_SECONDS)


def what_is_awaited(fence: Fence, held: Iterable[Iterable[int]]) -> str:
    """Which partitions have yet to acknowledge, and whether anybody can. Pure.

    ``held``: the source partitions of each member of the worker group.
    """
    somebody = {partition for member in held for partition in member}
    nobody = [str(partition) for partition in fence.waiting if partition not in somebody]
    if not nobody:
        return f"{fence}; waiting for partitions {', '.join(map(str, fence.waiting))}"
    return f"{fence}; nobody works on partitions {', '.join(nobody)}: start one: creneau worker"


def members(kafka: KafkaSettings, admin: AdminClient) -> dict[str, list[int]]:
    """The members of the worker group, each with the source partitions it holds."""
    return _members(kafka, admin, kafka.names.worker_group, kafka.names.slot_created)


def executors(kafka: KafkaSettings, admin: AdminClient) -> dict[str, list[int]]:
    """The members of the executor group, each with the task partitions it holds."""
    return _members(kafka, admin, kafka.names.executor_group, kafka.names.replay_tasks)


def _members(
    kafka: KafkaSettings, admin: AdminClient, group: str, topic: str
) -> dict[str, list[int]]:
    try:
        description = admin.describe_consumer_groups([group], request_timeout=10)[group].result()
    except Exception as error:
        cause = kafka_error(error)
        if cause.name() == "GROUP_ID_NOT_FOUND":
            return {}
        raise unavailable(cause, f"looking at group '{group}'", kafka.bootstrap_servers) from error
    return {
        f"{member.client_id}@{member.host.lstrip('/')} {member.member_id[-8:]}": sorted(
            part.partition
            for part in (member.assignment.topic_partitions if member.assignment else [])
            if part.topic == topic
        )
        for member in description.members
    }
