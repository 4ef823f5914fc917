"""When a cluster is ready: every broker is known to every client, and topics can be made."""

import time
from collections.abc import Sequence
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from producer_contract.testing.broker import Broker
from producer_contract.testing.errors import KafkaDidNotStartError

_QUIET: Final = {"log_level": 0, "socket.timeout.ms": 5000}


def brokers_known(
    bootstrap_servers: str, cluster_id: str | None = None, timeout: float = 2.0
) -> int:
    """How many brokers the cluster counts as alive; 0 when nobody answers in time.

    With a ``cluster_id``, the answer of another cluster counts as none.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, **_QUIET})
    try:
        found = admin.list_topics(timeout=timeout)
    except KafkaException:
        return 0
    return len(found.brokers) if cluster_id in (None, found.cluster_id) else 0


def wait_until_ready(
    bootstrap_servers: str, brokers: Sequence[Broker], cluster_id: str, deadline: float
) -> None:
    """Wait until the cluster counts all its brokers as alive.

    Args:
        cluster_id: what answers may be another program that took a port before our broker could.
        deadline: on ``time.monotonic()``.

    Raises:
        KafkaDidNotStartError: a broker died, or the deadline passed.
    """
    while brokers_known(bootstrap_servers, cluster_id) < len(brokers):
        for broker in brokers:
            if not broker.running:
                raise KafkaDidNotStartError(f"broker {broker.node_id} died; {broker.last_words()}")
        if time.monotonic() > deadline:
            raise KafkaDidNotStartError(
                f"{bootstrap_servers} listens but does not answer; {brokers[0].last_words()}"
            )
        time.sleep(0.05)
