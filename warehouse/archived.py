"""Which ranges of a log the warehouse has: every row names the one that it was loaded with.

A range is one load job, or one part of it between refused records, and a job is all or nothing. So
one row proves its whole range, gaps in the offsets (transaction markers) included.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from warehouse.queries import query, run

if TYPE_CHECKING:
    from google.cloud import bigquery

_QUERIES: Final[Mapping[str, str]] = {
    table: f"archive/ranges_of_{table}"
    for table in ("slot_events", "slot_probabilities", "dead_letters")
}


def ranges_of(
    client: "bigquery.Client", table: str, partition: int, topic_id: str
) -> list[tuple[int, int]]:
    """Offsets ``[from, to)`` of one partition of a log that are complete in ``table``.

    ``topic_id``: rows of another topic, which had the name before, say nothing of this one.

    Raises:
        UnavailableError: BigQuery does not answer.
    """
    rows = run(client, query(_QUERIES[table]), partition=partition, topic_id=topic_id)
    return [(row["range_from"], row["range_to"]) for row in rows]
