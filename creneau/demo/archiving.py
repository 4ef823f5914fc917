"""How far the archive is, and what it has: asked of Kafka's group and of the warehouse."""

from broker.clients import new_admin
from broker.groups import committed
from broker.log import high_watermarks, partitions_of
from broker.settings import KafkaSettings
from creneau.demo.warehouse_result import Stored
from warehouse.client import new_client
from warehouse.queries import query, run
from warehouse.settings import WarehouseSettings


def all_archived(kafka: KafkaSettings) -> bool:
    """Whether the archive has committed the end of every partition of the three topics.

    Raises:
        UnavailableError: Kafka does not answer.
    """
    admin, names = new_admin(kafka), kafka.names
    for topic in (names.slot_created, names.slot_probability, names.dead_letters):
        partitions = partitions_of(admin, topic)
        ends = high_watermarks(admin, topic, partitions)
        found = committed(admin, names.archive_group, topic, partitions)
        if any((found[partition].offset or 0) < end for partition, end in ends.items()):
            return False
    return True


def stored(warehouse: WarehouseSettings) -> dict[str, Stored]:
    """What each table of the archive holds.

    Raises:
        UnavailableError: BigQuery, or its emulator, does not answer.
    """
    found = run(new_client(warehouse), query("archive/counts"))
    return {table: Stored(rows, places) for table, rows, places in found}
