"""Load jobs of the real client."""

from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

from google.api_core import exceptions as google
from google.cloud import bigquery
from google.cloud.bigquery import client as googles

from warehouse.archive.jobs import Job, JobExistsError, State
from warehouse.client import RETRY
from warehouse.errors import in_our_words

_ROWS_REFUSED: Final = "invalid"
"""BigQuery's reason when it cannot read a row (https://cloud.google.com/bigquery/docs/error-messages)."""

_CALL_SECONDS: Final = 30.0
"""How long one call waits for an answer."""

UPLOADED_AT_ONCE: Final = 8 * 1024 * 1024
"""Bytes of a load job that are in memory at a time."""

# Google's client reads 100 MB at a time, and has a constant for it but no setting.
googles._DEFAULT_CHUNKSIZE = UPLOADED_AT_ONCE


class BigQueryJobs:
    """Batch load jobs, which cost nothing, into tables of one dataset.

    ``schemas``: of the tables, as they are.
    """

    def __init__(
        self,
        client: bigquery.Client,
        dataset: bigquery.DatasetReference,
        schemas: Mapping[str, Sequence[bigquery.SchemaField]],
    ) -> None:
        self._client = client
        self._dataset = dataset
        self._schemas = schemas

    def look(self, job_id: str) -> Job | None:
        """See ``jobs.Jobs``."""
        try:
            with in_our_words(f"load job {job_id}"):
                return _as_found(self._get(job_id))
        except _NotFoundError:
            return None

    def send(self, job_id: str, table: str, lines: IO[bytes], size: int) -> None:
        """See ``jobs.Jobs``."""
        config = bigquery.LoadJobConfig(
            schema=self._schemas[table],
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
            create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
            max_bad_records=0,
        )
        try:
            with in_our_words(f"load job {job_id}"):
                self._upload(job_id, table, lines, size, config)
        except _ConflictError:
            raise JobExistsError(job_id) from None

    def _get(self, job_id: str) -> Any:
        try:
            return self._client.get_job(
                job_id, location=self._client.location, retry=RETRY, timeout=_CALL_SECONDS
            )
        except google.NotFound:
            raise _NotFoundError from None

    def _upload(
        self, job_id: str, table: str, lines: IO[bytes], size: int, config: bigquery.LoadJobConfig
    ) -> None:
        try:
            self._client.load_table_from_file(
                lines,
                self._dataset.table(table),
                size=size,
                job_id=job_id,
                location=self._client.location,
                job_config=config,
                timeout=_CALL_SECONDS,
            )
        except google.Conflict:
            raise _ConflictError from None


class _NotFoundError(Exception):
    """There is no such job."""


class _ConflictError(Exception):
    """There is one already."""


def _as_found(job: Any) -> Job:
    if job.state != "DONE":
        return Job(State.RUNNING)
    failed = job.error_result
    if failed is None:
        return Job(State.DONE)
    messages = tuple(str(one.get("message", "")) for one in [failed, *(job.errors or ())])
    refused = failed.get("reason") == _ROWS_REFUSED
    return Job(State.ROWS_REFUSED if refused else State.FAILED, messages)
