"""The rows of a report as a table for people, as CSV, or as JSON."""

import csv
import json
import sys
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import typer

from creneau.printable import printable

if TYPE_CHECKING:
    from warehouse.reports import Table


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def print_bytes(found: int, out: Format) -> None:
    """What a dry run found."""
    match out:
        case Format.TABLE:
            typer.echo(f"would read {found:,} bytes")
        case Format.CSV:
            typer.echo(f"bytes\n{found}")
        case Format.JSON:
            typer.echo(json.dumps({"bytes": found}))


def print_table(table: "Table", out: Format) -> None:
    """The rows of a report."""
    match out:
        case Format.TABLE:
            _print_aligned(table)
        case Format.CSV:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(table.columns)
            writer.writerows([_plain(value) for value in row] for row in table.rows)
        case Format.JSON:
            rows = [dict(zip(table.columns, map(_plain, row), strict=True)) for row in table.rows]
            typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))


def _print_aligned(table: "Table") -> None:
    """Columns of text to the left, numbers to the right."""
    cells = [[_shown(value) for value in row] for row in table.rows]
    numbers = [
        any(isinstance(row[place], int | float) for row in table.rows)
        for place in range(len(table.columns))
    ]
    lines = [[name.replace("_", " ") for name in table.columns], *cells]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        typer.echo(
            "  ".join(
                cell.rjust(width) if number else cell.ljust(width)
                for cell, width, number in zip(line, widths, numbers, strict=True)
            ).rstrip()
        )
    if not table.rows:
        typer.echo("nothing in that period", err=True)


def _plain(value: Any) -> Any:
    """A value as CSV and JSON take it: numbers and null as they are, times in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def _shown(value: Any) -> str:
    """A value as people read it."""
    match value:
        case None:
            return "—"
        case bool():
            return "yes" if value else ""
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.4f}"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        case _:
            return printable(str(value))
