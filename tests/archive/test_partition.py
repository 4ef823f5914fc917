"""One partition's gathering: what is planned is read to its end."""

from collections.abc import Callable

import pytest

from tests.archive.test_loading import LATE, record
from warehouse.archive.budget import Budget
from warehouse.archive.partition import ArchivedTopic, Partition
from warehouse.archive.plan import Plan, Span, Standing
from warehouse.archive.rows import slot_event

TOPIC = ArchivedTopic("slot-created", "slot-created", "slot_events", slot_event, "id", "x")


def partition(standing: Standing, *, most_bytes: int = 10**9, number: int = 0) -> Partition:
    budget = Budget.of(8, 3)
    return Partition(
        TOPIC, number, standing, budget, committed=standing.offset, most_bytes=most_bytes
    )


def length_of(count: int) -> int:
    """Bytes of so many rows, gathered."""
    one = partition(Standing(0, 0))
    for offset in range(count):
        one.take(record(offset))
    return one.batch.rows().seek(0, 2)


@pytest.mark.parametrize(
    ("refused", "most_bytes"),
    [
        pytest.param(((0, 5),), lambda: length_of(10), id="refused rows are longer"),
        pytest.param((), lambda: 1, id="the setting was lowered meanwhile"),
    ],
)
def test_a_committed_plan_is_gathered_to_its_end_however_long_its_rows_are(
    refused: tuple[Span, ...], most_bytes: Callable[[], int]
) -> None:
    one = partition(Standing(0, 0, plan=Plan(0, 10, refused)), most_bytes=most_bytes())
    for offset in range(12):
        one.take(record(offset, LATE if offset < 5 and refused else 1_790_000_000_000))
    assert one.position == 10
    assert one.due(60)
    assert len(one.batch) == 10


def test_without_a_plan_a_batch_ends_where_it_is_long_enough() -> None:
    one = partition(Standing(0, 0), most_bytes=length_of(10))
    for offset in range(12):
        one.take(record(offset))
    assert (one.position, one.must_seek) == (10, True)
    assert one.due(60)
