"""The two topics of the border, made for a test."""

import time
from collections.abc import Sequence
from typing import Final

from confluent_kafka.admin import AdminClient, NewTopic

_TIMEOUT: Final = 15.0


def create_topics(bootstrap_servers: str, names: Sequence[str], partitions: int) -> None:
    """Create topics and wait until every partition has a leader.

    Raises:
        KafkaException: the cluster refuses, or a topic is there already.
        TimeoutError: the partitions have no leader in time.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    new = [NewTopic(name, num_partitions=partitions) for name in names]
    for future in admin.create_topics(new, operation_timeout=_TIMEOUT).values():
        future.result()
    deadline = time.monotonic() + _TIMEOUT
    while not all(_is_led(admin, name, partitions) for name in names):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the topics {', '.join(names)} have no leaders yet")
        time.sleep(0.02)


def _is_led(admin: AdminClient, name: str, partitions: int) -> bool:
    found = admin.list_topics(name, timeout=_TIMEOUT).topics[name].partitions.values()
    return sum(partition.leader >= 0 for partition in found) == partitions
