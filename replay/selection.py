"""What an operator has selected, by partitions and by time, as ranges of offsets."""

from collections.abc import Mapping
from datetime import datetime

from broker.clients import new_admin
from broker.log import high_watermarks, log_starts, offsets_for_time, partitions_of
from broker.settings import KafkaSettings
from ledger.records import Selection
from replay.errors import BadSelectionError


def selected_offsets(kafka: KafkaSettings, selection: Selection) -> dict[int, tuple[int, int]]:
    """The offsets that a selection stands for, by partition.

    Times become offsets as Kafka has it: from the first record published at or after
    ``published_from``, up to the first one published at or after ``published_to``. Where that is
    the first one kept, what is gone may be as late: then it belongs to the selection too.

    Raises:
        BadSelectionError: a partition that is not there, or an empty span of time.
    """
    admin, topic = new_admin(kafka), kafka.names.slot_created
    there = partitions_of(admin, topic)
    chosen = there if selection.partitions is None else list(selection.partitions)
    strange = sorted(set(chosen) - set(there))
    if strange:
        raise BadSelectionError(f"{topic} has no partition {strange[0]}: it has {len(there)}")
    low, high = selection.published_from, selection.published_to
    if low is not None and high is not None and low >= high:
        raise BadSelectionError("--published-from must lie before --published-to")
    starts = dict.fromkeys(chosen, 0)
    if low is not None:
        found = offsets_for_time(admin, topic, chosen, _milliseconds(low))
        starts = beginnings(found, log_starts(admin, topic, chosen))
    ends = (
        high_watermarks(admin, topic, chosen)
        if high is None
        else offsets_for_time(admin, topic, chosen, _milliseconds(high))
    )
    return {p: (starts[p], ends[p]) for p in chosen}


def beginnings(found: Mapping[int, int], log_starts: Mapping[int, int]) -> dict[int, int]:
    """Where a selection from a time on begins, by partition. Pure.

    ``found``: the first offset kept that was published at or after the time. Kafka cannot say when
    events were published that it has let go. Only where an earlier event is still kept do they lie
    before the time; where the first one kept is late enough itself, they count as selected
    (offset 0), for a replay to be refused over them rather than to leave them out in silence.
    """
    return {p: offset if offset > log_starts[p] else 0 for p, offset in found.items()}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)
