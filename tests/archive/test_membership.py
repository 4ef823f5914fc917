"""What the consumer tells while a load is under way. No Kafka is asked."""

from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from broker.settings import KafkaSettings
from tests.archive.test_partition import partition
from warehouse.archive import membership
from warehouse.archive.membership import Key, Membership
from warehouse.archive.partition import Partition
from warehouse.archive.plan import Plan, Standing
from warehouse.archive.settings import ArchiveSettings


def test_a_log_start_that_overtakes_us_while_we_load_is_met_again_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def place(_: list[Key]) -> dict[Key, Partition]:
        raise AssertionError("its load is under way")

    monkeypatch.setattr(membership, "new_consumer", lambda *_, **__: SimpleNamespace())
    group = Membership(KafkaSettings("nowhere:1"), ArchiveSettings(), ["slot-created"], place)
    one = partition(Standing(0, 0, plan=Plan(0, 10)))
    one.loading = Future()
    group.partitions["slot-created", 0] = one
    group._past_retention(("slot-created", 0))
    assert one.must_seek
