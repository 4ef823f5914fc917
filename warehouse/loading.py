"""CSV files into tables: all of a file or nothing, and again only what has changed.

A file's rows go to ``loading_rows`` with one load job, under an id of their own. There they are
judged together (what comes twice, what refers to nothing); then one statement of ``sql/loading``
brings them into their table. Whoever dies in between has changed nothing.
"""

import contextlib
import json
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from google.cloud import bigquery

from model.departements import Method, locate
from producer_contract.errors import BadUseError, UnavailableError
from warehouse.client import RETRY, dataset_of, new_client, until_done
from warehouse.csv_rows import Refused, Row, read_rows
from warehouse.errors import in_our_words
from warehouse.queries import query, run
from warehouse.settings import WarehouseSettings

MOST_TOLD: Final = 100_000
"""How many refused rows are kept with their reasons."""
_AT_ONCE: Final = 10_000
"""Points located together."""


class RowsRefusedError(BadUseError):
    """Rows of the file cannot be loaded; nothing of it was. ``refused``: the first of them."""

    def __init__(self, path: Path, refused: list[Refused]) -> None:
        count = (
            f"{len(refused)} rows" if len(refused) < MOST_TOLD else f"at least {MOST_TOLD:,} rows"
        )
        count = "1 row" if len(refused) == 1 else count
        super().__init__(f"{path}: {count} refused, nothing was loaded: mend the file, load again")
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Loaded:
    """``rows`` of the file; ``changed``: those that were new or differed."""

    rows: int
    changed: int


def load(settings: WarehouseSettings, table: str, path: Path) -> Loaded:
    """Load a CSV file into one of ``csv_rows.SOURCES``' tables.

    Raises:
        FileUnreadableError: it is no CSV file with the table's columns.
        RowsRefusedError: at least one row is wrong; nothing was loaded.
        UnavailableError: whatever ``in_our_words`` makes of BigQuery's answer.
    """
    load_id = uuid.uuid4().hex
    with tempfile.TemporaryFile() as file:
        rows = _write(file, load_id, table, path)
        client = new_client(settings)
        _send(client, settings, file)
        try:
            _refuse(client, table, load_id, path)
            [[changed]] = run(client, query(f"loading/{table}"), load_id=load_id, sent=rows)
        finally:
            # They expire by themselves, and an error before this one matters more.
            with contextlib.suppress(UnavailableError):
                run(client, query("loading/forget"), load_id=load_id)
    return Loaded(rows, changed)


def _write(file: IO[bytes], load_id: str, table: str, path: Path) -> int:
    """Write the file's rows as NDJSON; give their number."""
    loaded_at = datetime.now(UTC).isoformat()
    refused: list[Refused] = []
    count = 0
    found = read_rows(table, path)
    for row in _located(found) if table == "meeting_points" else found:
        if isinstance(row, Refused):
            refused.append(row)
            if len(refused) == MOST_TOLD:
                break
            continue
        count += 1
        line = {"load_id": load_id, "loaded_at": loaded_at, "line": row.line, **row.values}
        file.write(json.dumps(line).encode() + b"\n")
    if refused:
        raise RowsRefusedError(path, refused)
    return count


def _located(rows: Iterable[Row | Refused]) -> Iterator[Row | Refused]:
    """Meeting points with their département: found once, here, never when a report runs."""
    rows = iter(rows)
    while some := list(islice(rows, _AT_ONCE)):
        points = [row for row in some if isinstance(row, Row)]
        yield from (row for row in some if isinstance(row, Refused))
        located = locate(
            np.array([row.values["mp_latitude"] for row in points], np.float64),
            np.array([row.values["mp_longitude"] for row in points], np.float64),
        )
        for row, code, method, km in zip(
            points,
            located.codes.tolist(),
            located.method.tolist(),
            located.distance_km.tolist(),
            strict=True,
        ):
            found: dict[str, Any] = {
                "department_code": code or None,
                "department_method": Method(method).name.lower(),
                "department_distance_m": round(km * 1_000, 1) if code else None,
            }
            yield Row(row.line, row.values | found)


def _send(client: bigquery.Client, settings: WarehouseSettings, file: IO[bytes]) -> None:
    target = dataset_of(client, settings).table("loading_rows")
    with in_our_words("loading_rows"):
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
            create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
            schema=client.get_table(target, retry=RETRY).schema,
        )
        job = client.load_table_from_file(file, target, rewind=True, job_config=config)
        until_done(job, settings.job_seconds)


def _refuse(client: bigquery.Client, table: str, load_id: str, path: Path) -> None:
    rows = run(client, query(f"loading/{table}_refused"), load_id=load_id, most=MOST_TOLD)
    refused = [Refused(row.line, row.reason) for row in rows]
    if refused:
        raise RowsRefusedError(path, refused)
