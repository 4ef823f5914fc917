"""When a partition is fenced."""

from broker.groups import Committed
from ledger.metadata import CommitMetadata, encode
from replay.fence import fence_of


def committed(offset: int | None, epoch: int | None) -> Committed:
    text = "" if epoch is None else encode(CommitMetadata(epoch, 0, 0, 0))
    return Committed(offset, text)


def test_a_partition_is_fenced_by_its_offset_once_it_has_acknowledged_the_epoch() -> None:
    fence = fence_of({0: committed(10, 4), 1: committed(20, 5)}, epoch=4)
    assert (fence.closed, fence.offsets) == (True, {0: 10, 1: 20})


def test_a_partition_under_an_older_epoch_is_awaited() -> None:
    fence = fence_of({0: committed(10, 4), 1: committed(20, 3)}, epoch=4)
    assert (fence.closed, fence.waiting) == (False, (1,))
    assert str(fence) == "revocation at epoch 4: 1 of 2 partitions acknowledged"


def test_a_partition_without_metadata_is_not_fenced_however_far_its_offset() -> None:
    moved_by_hand = Committed(1_000, "")
    never_committed = Committed(None, "")
    fence = fence_of({0: moved_by_hand, 1: never_committed, 2: committed(1, 9)}, epoch=4)
    assert fence.waiting == (0, 1)
