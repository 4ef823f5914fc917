"""Where source events come from, and what is said when nobody has them."""

from collections.abc import Iterator

import pytest

from broker.records import SourceRecord
from ledger.records import Interval
from replay.errors import SourceRangesGoneError
from replay.sampling import still_had
from replay.source import missing_ranges, named, refuse_gone, split_at

GONE = Interval(2, 5, 9)


class HalfAnArchive:
    """Has the offsets below 7."""

    def missing(self, interval: Interval) -> list[Interval]:
        return [interval._replace(from_offset=max(7, interval.from_offset))]

    def read(self, interval: Interval) -> Iterator[SourceRecord]:
        raise AssertionError("it was asked for what it does not have")


def test_a_range_is_split_where_the_log_starts() -> None:
    assert split_at(Interval(0, 5, 9), 7) == (Interval(0, 5, 7), Interval(0, 7, 9))
    assert split_at(Interval(0, 5, 9), 5) == (None, Interval(0, 5, 9))
    assert split_at(Interval(0, 5, 9), 9) == (Interval(0, 5, 9), None)
    assert split_at(Interval(0, 5, 9), 20) == (Interval(0, 5, 9), None)


def test_without_an_archive_the_ranges_that_are_gone_are_named() -> None:
    with pytest.raises(SourceRangesGoneError, match=r"no archive.*2:\[5, 9\)"):
        refuse_gone([GONE], None)


def test_what_the_archive_lacks_is_named() -> None:
    with pytest.raises(SourceRangesGoneError, match=r"archive does not.*2:\[7, 9\)"):
        refuse_gone([GONE], HalfAnArchive())


def test_nothing_gone_is_nothing_to_say() -> None:
    refuse_gone([], None)


def test_what_nobody_has_is_taken_out_of_what_can_be_sampled() -> None:
    affected = [Interval(1, 0, 10), Interval(2, 5, 9), Interval(2, 20, 30)]
    assert still_had(affected, missing_ranges([GONE], None)) == [affected[0], affected[2]]
    assert still_had(affected, missing_ranges([GONE], HalfAnArchive())) == [
        Interval(1, 0, 10),
        Interval(2, 5, 7),
        Interval(2, 20, 30),
    ]
    assert still_had(affected, []) == affected


def test_ranges_are_named_five_of_them_at_most() -> None:
    assert named([GONE]) == "2:[5, 9)"
    assert named([GONE] * 7).endswith("2:[5, 9) and 2 more")
