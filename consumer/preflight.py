"""What must be there before workers start, so that a person gets one clear line."""

from broker.clients import new_admin
from broker.log import partitions_of
from broker.settings import KafkaSettings
from consumer.errors import OutputPartitionsMissingError


def check(kafka: KafkaSettings) -> None:
    """Look at the cluster and its topics.

    Raises:
        UnavailableError: Kafka does not answer, or a topic is missing or has too few partitions.
    """
    names = kafka.names
    admin = new_admin(kafka)
    source = partitions_of(admin, names.slot_created)
    for topic in (names.slot_probability, names.dead_letters):
        found = partitions_of(admin, topic)
        if len(found) < len(source):
            raise OutputPartitionsMissingError(
                f"topic '{topic}' has {len(found)} partitions and '{names.slot_created}' has "
                f"{len(source)}: an outcome goes to the partition of its event; "
                "creneau topics apply"
            )
    for topic in (names.model_ledger, names.scoring_runs):
        partitions_of(admin, topic)
