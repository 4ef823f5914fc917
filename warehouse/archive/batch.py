"""The records of one range, gathered: rows in temporary files, so that memory stays small."""

import tempfile
from array import array
from datetime import date
from typing import IO

from broker.records import SourceRecord
from warehouse.archive.plan import MOST_REFUSED_SPANS, Plan, Span, refused_spans
from warehouse.archive.rows import MakeRow, NoRowError, refused


class Batch:
    """Gathers records from ``start`` on, for a new plan or for one that is committed.

    Args:
        topic: as it is called in ``archive_refused``.
        topic_id: what the cluster calls it.
        plan: what is committed; None: it is still open how far the batch goes.
        most_days, most_bytes: when a batch without a plan is full.
        why: the reason of records that BigQuery has refused.
    """

    def __init__(
        self,
        topic: str,
        make: MakeRow,
        start: int,
        *,
        topic_id: str,
        plan: Plan | None = None,
        most_days: int,
        most_bytes: int,
        why: str = "",
    ) -> None:
        self.topic_id = topic_id
        self._topic = topic
        self._make = make
        self._start = start
        self._plan = plan
        self._most_days = most_days
        self._most_bytes = most_bytes
        self._why = why
        self._rows: IO[bytes] | None = None
        self._refused: IO[bytes] | None = None
        self._bytes = 0
        self._good = array("q")
        self._bad = array("q")
        self._spans = 0
        self.days: set[date | None] = set()
        self.full = False

    def __len__(self) -> int:
        return len(self._good) + len(self._bad)

    @property
    def good(self) -> "array[int]":
        """The offsets of the rows, in order."""
        return self._good

    def add(self, record: SourceRecord) -> bool:
        """Take the next record; False: the batch is full and does not have it."""
        planned = self._plan is not None and any(
            a <= record.offset < b for a, b in self._plan.refused
        )
        try:
            row = self._make(record)
        except NoRowError as error:
            if self._plan is None or planned:
                return self._refuse(record, str(error))
            # Another version has planned it. BigQuery refuses such a row, and a new plan follows.
            self._keep(b'{"no_row":true}', record.offset)
            return True
        if planned:
            return self._refuse(record, self._why)
        if self._plan is None and row.day not in self.days and len(self.days) >= self._most_days:
            self.full = True
            return False
        self.days.add(row.day)
        self._keep(row.json, record.offset)
        return True

    def refused_within(self, end: int) -> list[Span]:
        """The refused spans, were the range to end at ``end``."""
        return refused_spans(self._start, end, self._good, self._bad)

    def rows(self) -> IO[bytes]:
        """The rows without their ranges, a line each; the offsets are ``good`` (there are some)."""
        return _from_the_beginning(self._rows)

    def refused_rows(self) -> IO[bytes]:
        """The rows of ``archive_refused`` without their ranges, a line each."""
        return _from_the_beginning(self._refused)

    @property
    def bad(self) -> "array[int]":
        """The offsets of the refused rows, in order."""
        return self._bad

    def close(self) -> None:
        """Let the files go."""
        for file in (self._rows, self._refused):
            if file is not None:
                file.close()

    def _keep(self, row: bytes, offset: int) -> None:
        if self._rows is None:
            self._rows = tempfile.TemporaryFile()  # noqa: SIM115  closed by close()
        self._good.append(offset)
        self._write(self._rows, row)

    def _refuse(self, record: SourceRecord, reason: str) -> bool:
        begins = not self._bad or (bool(self._good) and self._good[-1] > self._bad[-1])
        if begins and self._plan is None and self._spans == MOST_REFUSED_SPANS:
            self.full = True
            return False
        self._spans += begins
        if self._refused is None:
            self._refused = tempfile.TemporaryFile()  # noqa: SIM115  closed by close()
        self._bad.append(record.offset)
        self._write(self._refused, refused(self._topic, record, reason))
        return True

    def _write(self, file: IO[bytes], row: bytes) -> None:
        file.write(row + b"\n")
        self._bytes += len(row) + 1
        # A plan is gathered to its end, whatever has become of the rows' length or of the settings.
        if self._plan is None and self._bytes >= self._most_bytes:
            self.full = True


def _from_the_beginning(file: IO[bytes] | None) -> IO[bytes]:
    assert file is not None
    file.seek(0)
    return file
