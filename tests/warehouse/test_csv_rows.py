"""Rows of a CSV file: what is taken, and why the others are not."""

from pathlib import Path

import pytest

from warehouse.csv_rows import Refused, Row, read_rows

HEADER = "booking_id,lesson_id,booking_created_at\n"


def read(folder: Path, text: str) -> list[Row | Refused]:
    path = folder / "bookings.csv"
    path.write_text(HEADER + text, "utf-8")
    return list(read_rows("bookings", path))


@pytest.mark.parametrize(
    ("time", "loaded"),
    [
        ("2020-01-02T08:00:00Z", "2020-01-02T08:00:00Z"),
        ("2020-01-02T08:00:00.25+01:00", "2020-01-02T07:00:00.250000Z"),
        ("2020-01-02T08:00:00.123456789Z", "2020-01-02T08:00:00.123456Z"),
    ],
)
def test_a_time_is_loaded_as_utc_to_the_microsecond(tmp_path: Path, time: str, loaded: str) -> None:
    [row] = read(tmp_path, f"b1,l1,{time}\n")
    assert isinstance(row, Row)
    assert row.values["booking_created_at"] == loaded


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("0001-01-01T00:00:00+01:00", "outside the years 1 to 9999"),
        ("2020-01-02", "not an RFC 3339 time"),
        ("2020-01-02 08:00:00Z", "not an RFC 3339 time"),
        ("20200102T080000Z", "not an RFC 3339 time"),
        ("2020-01-02T08:00:00", "not an RFC 3339 time"),
        ("2020-01-02T08:00:00+0100", "not an RFC 3339 time"),
    ],
)
def test_only_the_contracts_form_of_a_time_is_taken(tmp_path: Path, time: str, said: str) -> None:
    [row] = read(tmp_path, f"b1,l1,{time}\n")
    assert isinstance(row, Refused)
    assert f"booking_created_at is {time!r}: {said}" in row.reason


def test_an_empty_line_is_no_row(tmp_path: Path) -> None:
    rows = read(tmp_path, "b1,l1,2020-01-02T08:00:00Z\n\n")
    assert [row.line for row in rows] == [2]
