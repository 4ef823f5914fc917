"""Bytes on disk: what Kafka's topics take, and whether there is room for more."""

import shutil
from collections import defaultdict
from itertools import islice
from pathlib import Path
from typing import Final

from broker.log import read_to_end
from broker.settings import KafkaSettings

SAMPLE: Final = 10_000

BYTES_PER_SLOT: Final = 300
"""On disk: a slot, its probability and the corrected one (about 200), and what comes live."""
SPARE: Final = 2 * 1024**3


class Disk:
    """The data of one embedded broker. ``folder``: where its cluster lies."""

    def __init__(self, folder: Path) -> None:
        self._logs = folder / "broker-1"

    def by_topic(self) -> dict[str, int]:
        """Bytes of the segments of each topic, over all partitions; indexes left out."""
        found: dict[str, int] = defaultdict(int)
        for segment in self._logs.glob("*-*/*.log"):
            found[segment.parent.name.rpartition("-")[0]] += segment.stat().st_size
        return dict(found)


def plain_bytes(kafka: KafkaSettings, topic: str) -> float:
    """Of a record's key and value before compression: the mean of the first of partition 0."""
    sample = list(islice(read_to_end(kafka, topic, partitions=[0]), SAMPLE))
    whole = sum(len(message.key() or b"") + len(message.value() or b"") for message in sample)
    return whole / len(sample)


def refuse_too_little(folder: Path, slots: int) -> None:
    """See that there is room for so many slots, what ``folder`` holds already counted in.

    Raises:
        SystemExit: says how much is needed and how much is free.
    """
    held = sum(file.stat().st_size for file in folder.glob("kafka/broker-1/*/*.log"))
    needed = slots * BYTES_PER_SLOT + SPARE - held
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise SystemExit(
            f"{folder} has {free / 1e9:.0f} GB free and {slots:,} slots need about "
            f"{needed / 1e9:.0f} GB: give a --folder with more room, or fewer --slots"
        )
