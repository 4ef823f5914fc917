"""I5: a plain read_committed reader that watches while things go on.

Wherever it has ever stood at the end of what it may see, a batch or a chunk is there whole or not
at all. The outputs of a batch of live scoring share ``scored_at``; those of a chunk lie within the
range of its run.
"""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer, TopicPartition

from broker.settings import KafkaSettings
from tests.heart.seen import Fields, Seen, place_of

Group = tuple[object, ...]
"""What names a batch or a chunk."""


class Watcher:
    """What a reader of ``slot-probability`` has got, and every end at which it has stood."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._topic = kafka.names.slot_probability
        self._consumer = Consumer(
            {
                "bootstrap.servers": kafka.bootstrap_servers,
                "group.id": "watcher",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
            }
        )
        partitions = self._consumer.list_topics(self._topic, timeout=15).topics[self._topic]
        self._parts = [TopicPartition(self._topic, p, 0) for p in partitions.partitions]
        self._consumer.assign(self._parts)
        self.got: dict[int, dict[int, Fields]] = {part.partition: {} for part in self._parts}
        self.stood: dict[int, set[int]] = {part.partition: set() for part in self._parts}

    def look(self) -> None:
        """Note where the visible logs end now, and read what has come."""
        for part in self._parts:
            # Of a read_committed client this is the last stable offset.
            _, end = self._consumer.get_watermark_offsets(part, timeout=15)
            self.stood[part.partition].add(end)
        for message in self._consumer.consume(5_000, timeout=0.02):
            if message.error() is None:
                output = json.loads(message.value() or b"")
                self.got[message.partition() or 0][message.offset() or 0] = output

    def close(self) -> None:
        self._consumer.close()


@contextmanager
def watching(kafka: KafkaSettings) -> Iterator[Watcher]:
    """Watch, in a thread, while the block runs."""
    watcher = Watcher(kafka)
    enough = threading.Event()

    def watch() -> None:
        while not enough.is_set():
            watcher.look()

    thread = threading.Thread(target=watch, name="watcher")
    thread.start()
    try:
        yield watcher
    finally:
        enough.set()
        thread.join()
        watcher.look()
        watcher.close()


def assert_only_whole(watcher: Watcher, seen: Seen) -> None:
    """I5, against what stands on the logs in the end."""
    for partition, outputs in watcher.got.items():
        groups: dict[Group, list[int]] = defaultdict(list)
        for offset, output in outputs.items():
            groups[_group(output, seen)].append(offset)
        for end in watcher.stood[partition]:
            for group, offsets in groups.items():
                below = sum(offset < end for offset in offsets)
                assert below in (0, len(offsets)), (
                    f"I5: at offset {end} of partition {partition} a reader saw {below} of "
                    f"{len(offsets)} outputs of {group}"
                )


def _group(output: Fields, seen: Seen) -> Group:
    if output["replay_id"] is None:
        return output["epoch"], output["scored_at"]
    partition, offset = place_of(output)
    ranges = [
        (run["from_offset"], run["to_offset"])
        for run in seen.runs
        if run["replay_id"] == output["replay_id"]
        and run["source_partition"] == partition
        and run["from_offset"] <= offset < run["to_offset"]
    ]
    assert len(ranges) == 1, f"not in one chunk: {output}: {ranges}"
    return output["replay_id"], ranges[0]
