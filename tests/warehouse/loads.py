"""Rows into a table of the emulator, in one load job."""

import io

from google.cloud import bigquery


def load(client: bigquery.Client, table: str, lines: bytes) -> None:
    """Load rows as JSON lines into a table of the client's dataset."""
    config = bigquery.LoadJobConfig(source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON)
    assert client.default_query_job_config is not None
    target = client.default_query_job_config.default_dataset.table(table)
    config.schema = client.get_table(target).schema
    client.load_table_from_file(io.BytesIO(lines), target, job_config=config).result()
