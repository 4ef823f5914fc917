"""Rows of a CSV file: what is taken, and why the others are not."""

from pathlib import Path

import pytest

from warehouse.csv_rows import FileUnreadableError, Refused, Row, read_rows

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


GOOD = b"b1,l1,2020-01-02T08:00:00Z\n"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (GOOD * 900 + b"b\xe9,l1,2020-01-02T08:00:00Z\n", "UTF-8: line 902 has the byte 0xe9"),
        (GOOD * 3 + b'b1,"l1"x,\n' + GOOD, "the row that begins on line 5: .*expected after"),
        (GOOD * 3 + b'b1,"l1,\n' + GOOD * 9, "the row that begins on line 5: unexpected end"),
        (b'"', "the row that begins on line 2: unexpected end"),
    ],
    ids=["not UTF-8", "after a quote", "an open quote", "the first row"],
)
def test_a_file_that_cannot_be_read_to_its_end_says_on_which_line(
    tmp_path: Path, rows: bytes, said: str
) -> None:
    path = tmp_path / "bookings.csv"
    path.write_bytes(HEADER.encode() + rows)
    with pytest.raises(FileUnreadableError, match=said):
        list(read_rows("bookings", path))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_mark_of_the_byte_order_and_any_end_of_a_line_are_taken(tmp_path: Path, end: str) -> None:
    path = tmp_path / "bookings.csv"
    text = HEADER + GOOD.decode() * 2
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", end).encode())
    assert [row.line for row in read_rows("bookings", path)] == [2, 3]
