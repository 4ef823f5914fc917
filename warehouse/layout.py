"""The layout of a table: as its file in ``sql/schema`` declares it, and as BigQuery has it.

Reads only what our own files use, one column a line; it is no parser of SQL.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from google.cloud import bigquery

_COLUMN: Final = re.compile(
    r"^    `?(?P<name>\w+)`? (?P<type>[A-Z0-9]+(?:<.*>)?)(?P<required> NOT NULL)?"
    r"(?: OPTIONS \(.*\))?,?$"
)
_TABLE: Final = re.compile(r"^CREATE TABLE IF NOT EXISTS (\w+) \($", re.MULTILINE)
_PARTITION: Final = re.compile(r"^PARTITION BY DATE\((\w+)\)$", re.MULTILINE)
_CLUSTER: Final = re.compile(r"^CLUSTER BY (.+)$", re.MULTILINE)
_EXPIRY: Final = re.compile(r"partition_expiration_days = (\d+)")
_DAY_MS: Final = 86_400_000
_LEGACY: Final = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}


@dataclass(frozen=True, slots=True)
class Column:
    """``type`` in BigQuery's own words: ``INT64``, ``ARRAY<STRUCT<name STRING, value BYTES>>``."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """What a table must be like. ``partitioned_by``: the column whose day it is."""

    name: str
    columns: tuple[Column, ...]
    partitioned_by: str | None
    clustered_by: tuple[str, ...]
    filter_required: bool
    expires_days: float | None = None
    """After how many days a partition is dropped."""


def declared(text: str) -> Layout:
    """The layout that one of our CREATE TABLE files declares.

    Raises:
        ValueError: it is written in a way that this does not read.
    """
    table = _TABLE.search(text)
    body, closed, rest = text[table.end() :].partition("\n)\n") if table else ("", "", "")
    lines = [line for line in body.splitlines() if line]
    columns = [match for line in lines if (match := _COLUMN.match(line))]
    if table is None or not closed or not columns or len(columns) != len(lines):
        raise ValueError(f"not one of our CREATE TABLE files: {text[:80]!r}")
    partition, cluster = _PARTITION.search(rest), _CLUSTER.search(rest)
    return Layout(
        table[1],
        tuple(
            Column(each["name"], each["type"].replace("`", ""), bool(each["required"]))
            for each in columns
        ),
        partition[1] if partition else None,
        tuple(cluster[1].split(", ")) if cluster else (),
        "require_partition_filter = TRUE" in rest,
        float(expiry[1]) if (expiry := _EXPIRY.search(rest)) else None,
    )


def found(table: "bigquery.Table") -> Layout:
    """The layout that a table of BigQuery has. Another partitioning than by day is named so."""
    by_time = table.time_partitioning
    if by_time is None:
        partitioned_by = "a range" if table.range_partitioning else None
    else:
        field = by_time.field or "the time of loading"
        partitioned_by = field if by_time.type_ == "DAY" else f"{by_time.type_} of {field}"
    return Layout(
        table.table_id,
        tuple(Column(field.name, _type(field), field.mode == "REQUIRED") for field in table.schema),
        partitioned_by,
        tuple(table.clustering_fields or ()),
        bool(table.require_partition_filter),
        by_time.expiration_ms / _DAY_MS if by_time and by_time.expiration_ms else None,
    )


def differences(wanted: Layout, is_there: Layout) -> list[str]:
    """How a table differs from what is declared, one line each; empty: it does not."""
    ours = {column.name: column for column in wanted.columns}
    theirs = {column.name: column for column in is_there.columns}
    lines = [f"column {name} is missing" for name in ours if name not in theirs]
    lines += [f"column {name} is not declared" for name in theirs if name not in ours]
    for name in ours.keys() & theirs.keys():
        lines += _column_differences(ours[name], theirs[name])
    for what, mine, its in (
        ("partitioned by the day of", wanted.partitioned_by, is_there.partitioned_by),
        ("clustered by", _listed(wanted.clustered_by), _listed(is_there.clustered_by)),
    ):
        if mine != its:
            lines.append(f"{what} {its or 'nothing'}, declared {mine or 'nothing'}")
    if wanted.filter_required != is_there.filter_required:
        needs = "requires" if is_there.filter_required else "does not require"
        lines.append(f"{needs} a partition filter, declared the other way")
    if wanted.expires_days != is_there.expires_days:
        lines.append(
            f"partitions expire {_after(is_there.expires_days)}, declared "
            f"{_after(wanted.expires_days)}"
        )
    return sorted(lines)


def _after(days: float | None) -> str:
    return "never" if days is None else f"after {days:g} days"


def _column_differences(wanted: Column, is_there: Column) -> Iterable[str]:
    if wanted.type != is_there.type:
        yield f"column {wanted.name} is {is_there.type}, declared {wanted.type}"
    if wanted.required != is_there.required:
        allows = "refuses" if is_there.required else "allows"
        yield f"column {wanted.name} {allows} nulls, declared the other way"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _type(field: "bigquery.SchemaField") -> str:
    kind = field.field_type
    if kind in ("RECORD", "STRUCT"):
        inner = ", ".join(f"{part.name} {_type(part)}" for part in field.fields)
        kind = f"STRUCT<{inner}>"
    kind = _LEGACY.get(kind, kind)
    return f"ARRAY<{kind}>" if field.mode == "REPEATED" else kind
