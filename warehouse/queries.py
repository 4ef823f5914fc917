"""The queries of ``sql/``: text, description and parameters from files, values always apart."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from warehouse.errors import in_our_words

if TYPE_CHECKING:
    from google.cloud import bigquery
    from google.cloud.bigquery.table import RowIterator

FOLDER: Final = Path(__file__).parent.parent / "sql"

Scalar = str | int | float | bool | bytes | date | datetime | None
Value = Scalar | Sequence[Scalar]


@dataclass(frozen=True, slots=True)
class Parameter:
    """``type`` is BigQuery's: STRING, TIMESTAMP, DATE, INT64 …, or ARRAY<STRING> and the like."""

    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Query:
    """One file of ``sql/`` and what the file beside it says about it."""

    name: str
    text: str
    description: str
    parameters: Mapping[str, Parameter]


class Rows:
    """The rows of a query, fetched a page at a time as they are taken; only once.

    Taking them raises ``UnavailableError`` as ``run`` does: BigQuery may fall silent between pages.
    """

    def __init__(self, what: str, found: "RowIterator") -> None:
        self._what = what
        self._found = found

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(field.name for field in self._found.schema)

    @property
    def total(self) -> int:
        """How many there are in all."""
        return int(self._found.total_rows or 0)

    def __iter__(self) -> Iterator[Any]:
        rows = iter(self._found)
        while True:
            with in_our_words(self._what):
                row = next(rows, None)
            if row is None:
                return
            yield row


def query(name: str) -> Query:
    """The query of ``sql/<name>.sql``, with its ``<name>.toml``; a name may hold a folder."""
    said = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    parameters = {
        key: Parameter(each["type"], each["meaning"])
        for key, each in said.get("parameters", {}).items()
    }
    text = (FOLDER / f"{name}.sql").read_text("utf-8")
    return Query(name, text, said["description"], parameters)


def run(client: "bigquery.Client", wanted: Query, **values: Value) -> Rows:
    """Run it and wait for its first rows.

    Args:
        values: one for each parameter, under its name.

    Raises:
        UnavailableError: whatever ``in_our_words`` makes of BigQuery's answer.
        ValueError: the values are not those that the query takes.
    """
    from warehouse.client import JOB_RETRY, RETRY

    with in_our_words(wanted.name):
        found = client.query_and_wait(
            wanted.text,
            job_config=job_config(wanted, values),
            retry=RETRY,
            job_retry=JOB_RETRY,
        )
    return Rows(wanted.name, found)


def bytes_read(client: "bigquery.Client", wanted: Query, **values: Value) -> int:
    """How many bytes it would read, by a dry run (the emulator always says 0).

    Raises: as ``run``.
    """
    from warehouse.client import RETRY

    config = job_config(wanted, values)
    config.dry_run = True
    config.use_query_cache = False
    with in_our_words(wanted.name):
        # A dry run makes no job; with a retry for one Google's client goes on for ten minutes.
        job = client.query(wanted.text, job_config=config, retry=RETRY, job_retry=None)
        return int(job.total_bytes_processed)


def job_config(wanted: Query, values: Mapping[str, Value]) -> "bigquery.QueryJobConfig":
    """The values as typed parameters.

    Raises:
        ValueError: the values are not those that the query takes.
    """
    from google.cloud import bigquery

    if values.keys() != wanted.parameters.keys():
        raise ValueError(f"{wanted.name} takes {sorted(wanted.parameters)}, not {sorted(values)}")
    return bigquery.QueryJobConfig(
        query_parameters=[
            _typed(name, wanted.parameters[name].type, value) for name, value in values.items()
        ]
    )


def _typed(name: str, kind: str, value: Any) -> Any:
    from google.cloud import bigquery

    if kind.startswith("ARRAY<"):
        return bigquery.ArrayQueryParameter(name, kind[6:-1], list(value))
    return bigquery.ScalarQueryParameter(name, kind, value)
