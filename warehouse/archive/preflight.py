"""What must be there before archive processes start, so that a person gets one clear line."""

from broker.settings import KafkaSettings
from warehouse.archive.targets import budgets, targets
from warehouse.client import dataset_of, new_client
from warehouse.settings import WarehouseSettings


def check(kafka: KafkaSettings, warehouse: WarehouseSettings) -> None:
    """Look at the topics and at the tables.

    Raises:
        UnavailableError: Kafka or BigQuery does not answer, or a topic or table is not as needed.
        TooManyPartitionsError: BigQuery's quotas do not stretch to the topics' partitions.
    """
    client = new_client(warehouse)
    found = targets(kafka, client, dataset_of(client, warehouse))
    budgets(kafka, found.topics)
