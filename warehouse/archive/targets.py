"""The topics that are archived, and the tables that they go to, as they stand now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from google.cloud import bigquery

from broker.clients import new_admin
from broker.cluster import topic_id
from broker.log import partitions_of
from broker.names import Names
from broker.settings import KafkaSettings
from warehouse.archive.budget import Budget
from warehouse.archive.job_ids import installation
from warehouse.archive.partition import ArchivedTopic
from warehouse.archive.rows import COLUMNS, MAKERS
from warehouse.client import RETRY
from warehouse.errors import TableOutdatedError, in_our_words

ONE_CALL: Final = 30.0
"""Seconds for one call."""

PLAIN: Final = Names()
TOPICS: Final[Mapping[str, str]] = {
    PLAIN.slot_created: "slot_events",
    PLAIN.slot_probability: "slot_probabilities",
    PLAIN.dead_letters: "dead_letters",
}
"""The table of each topic, by its name without a prefix."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What one archive process needs to know. ``schemas`` by table, ``topics`` by cluster name."""

    topics: Mapping[str, ArchivedTopic]
    schemas: Mapping[str, Sequence[bigquery.SchemaField]]


def targets(
    kafka: KafkaSettings, client: bigquery.Client, dataset: bigquery.DatasetReference
) -> Targets:
    """Look at the topics and at the tables.

    Raises:
        UnavailableError: one is missing or differs, or nobody answers.
        TooManyPartitionsError: BigQuery's quotas do not stretch to them.
    """
    admin = new_admin(kafka)
    tables = {table: _table(client, dataset, table) for table in COLUMNS}
    topics = {}
    for plain, table in TOPICS.items():
        topic = kafka.prefix + plain
        its_id = topic_id(admin, topic)
        created = tables[table].created.isoformat()
        of = installation(dataset.path, table, created, topic, its_id)
        topics[topic] = ArchivedTopic(topic, plain, table, MAKERS[table], its_id, of)
    return Targets(topics, {name: table.schema for name, table in tables.items()})


def budgets(kafka: KafkaSettings, topics: Mapping[str, ArchivedTopic]) -> dict[str, Budget]:
    """The share of each partition, by topic: it shrinks when partitions are added.

    Raises: as ``targets``.
    """
    admin = new_admin(kafka)
    return {topic: Budget.of(len(partitions_of(admin, topic)), len(topics)) for topic in topics}


def _table(client: bigquery.Client, dataset: bigquery.DatasetReference, name: str) -> Any:
    with in_our_words(f"table {name}"):
        table = client.get_table(dataset.table(name), retry=RETRY, timeout=ONE_CALL)
    there = {field.name for field in table.schema}
    lacking = sorted(set(COLUMNS[name]) - there)
    if lacking:
        raise TableOutdatedError(name, lacking[0])
    return table
