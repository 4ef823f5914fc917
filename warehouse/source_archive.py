"""Source events for replays, once Kafka has let them go. Fits ``replay.source.Archive``."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from broker.records import SourceRecord
from ledger.in_force import merged, without
from ledger.records import Interval
from producer_contract.errors import UnavailableError
from warehouse.archive.plan import Span
from warehouse.archived import ranges_of
from warehouse.errors import in_our_words
from warehouse.queries import query, run
from warehouse.settings import WarehouseSettings

if TYPE_CHECKING:
    from google.cloud import bigquery

OFFSETS_PER_QUERY: Final = 200_000
"""A longer range is read in parts: BigQuery sorts each."""


class NotInstalledError(UnavailableError):
    """What talks to BigQuery is an extra, and is not installed here."""


class ArchiveDoubledError(UnavailableError):
    """Two different rows claim to be the record of one offset."""


class SourceArchive:
    """Reads the rows of ``slot_events`` of the topic with this id, which is that of the cluster.

    ``markers``: offsets of a partition that no row vouches for, and that are known to be no records
    (``warehouse.archived.markers_passed``).

    Nothing is asked, of BigQuery or of Kafka, before it is needed.
    """

    def __init__(
        self,
        settings: WarehouseSettings,
        topic_id: Callable[[], str],
        markers: Callable[[int], list[Span]],
    ) -> None:
        self._settings = settings
        self._ask_topic_id = topic_id
        self._markers = markers
        self._known: dict[int, list[Span]] = {}

    @cached_property
    def _client(self) -> "bigquery.Client":
        try:
            from warehouse.client import new_client
        except ModuleNotFoundError as error:
            raise NotInstalledError(
                "source events are past Kafka's retention, and reading them from BigQuery needs "
                "the package 'google-cloud-bigquery': pip install 'creneau[warehouse]'"
            ) from error
        return new_client(self._settings)

    @cached_property
    def _topic_id(self) -> str:
        return self._ask_topic_id()

    def missing(self, interval: Interval) -> list[Interval]:
        """The parts of ``interval`` that were not loaded whole; empty: it has all of it.

        Raises:
            UnavailableError: BigQuery does not answer, or Kafka.
        """
        partition, start, end = interval
        left = without([(start, end)], self._known.get(partition, ()))
        if left:
            # Ranges are only ever added: what is known need not be asked for again.
            found = ranges_of(self._client, "slot_events", partition, self._topic_id)
            self._known[partition] = merged(found + self._markers(partition))
            left = without([(start, end)], self._known[partition])
        return [Interval(partition, a, b) for a, b in left]

    def read(self, interval: Interval) -> Iterator[SourceRecord]:
        """Every source record of the interval in offset order, its bytes untouched.

        The client fetches the rows a page at a time, so memory does not grow with the interval.

        Raises:
            UnavailableError: BigQuery does not answer.
            ArchiveDoubledError: somebody else has written to the table.
        """
        partition, start, end = interval
        last: SourceRecord | None = None
        for first in range(start, end, OFFSETS_PER_QUERY):
            for record in self._part(partition, first, min(first + OFFSETS_PER_QUERY, end)):
                if last is not None and record.offset == last.offset:
                    _refuse_another(last, record)
                    continue
                last = record
                yield record

    def _part(self, partition: int, start: int, end: int) -> Iterator[SourceRecord]:
        rows = run(
            self._client,
            query("archive/source_events"),
            partition=partition,
            topic_id=self._topic_id,
            from_offset=start,
            to_offset=end,
        )
        with in_our_words("archive/source_events"):
            for row in rows:
                yield _record(partition, row)


def _record(partition: int, row: Any) -> SourceRecord:
    headers = tuple((header["name"], header["value"]) for header in row["headers"])
    return SourceRecord(
        partition, row["source_offset"], row["timestamp_ms"], row["key"], row["value"], headers
    )


def _refuse_another(one: SourceRecord, other: SourceRecord) -> None:
    if one != other:
        raise ArchiveDoubledError(
            f"slot_events has two different records of partition {one.partition}, offset "
            f"{one.offset}: somebody else has written to it, or two clusters share the dataset"
        )
