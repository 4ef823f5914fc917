"""Which ranges of a log the warehouse has: every row names the one that it was loaded with.

A range is one load job, or one part of it between refused records, and a job is all or nothing. So
one row proves its whole range, gaps in the offsets (transaction markers) included.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from broker.clients import new_admin
from broker.groups import committed
from broker.settings import KafkaSettings
from warehouse.archive.plan import Span, parse
from warehouse.queries import query, run

if TYPE_CHECKING:
    from google.cloud import bigquery

_QUERIES: Final[Mapping[str, str]] = {
    table: f"archive/ranges_of_{table}"
    for table in ("slot_events", "slot_probabilities", "dead_letters")
}


def ranges_of(client: "bigquery.Client", table: str, partition: int, topic_id: str) -> list[Span]:
    """Offsets ``[from, to)`` of one partition of a log that are complete in ``table``.

    ``topic_id``: rows of another topic, which had the name before, say nothing of this one.

    Raises:
        UnavailableError: BigQuery does not answer.
    """
    rows = run(client, query(_QUERIES[table]), partition=partition, topic_id=topic_id)
    return [(row["range_from"], row["range_to"]) for row in rows]


def markers_passed(kafka: KafkaSettings, topic: str, partition: int) -> list[Span]:
    """The offsets behind the last archived record that the archive has found to be no records:
    transaction markers, and what was aborted. No row can tell, before the next record comes.

    Raises:
        UnavailableError: Kafka does not answer.
    """
    admin = new_admin(kafka)
    group = kafka.names.archive_group
    found = committed(admin, group, topic, [partition], require_stable=False)[partition]
    standing = None if found.offset is None else parse(found.offset, found.metadata)
    return [] if standing is None else [(standing.since, standing.offset)]
