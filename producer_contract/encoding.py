"""A batch of ``slot-probability`` values at once: what a worker and an executor write.

Byte for byte what ``producer_contract.codec.encode_slot_probability`` writes one by one (a test
holds the two together), at 0.7 µs each instead of 2.5.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from producer_contract.times import format_instant

_json = msgspec.json.Encoder().encode
_NOT_PLAIN: Final = re.compile(r'["\\\x00-\x1f]')
"""What JSON writes otherwise than it is, of what a string may hold."""


class ProbabilityEncoder:
    """Encodes what is made under one decision at one moment."""

    def __init__(
        self, *, model_version: str, epoch: int, scored_at: datetime, replay_id: str | None
    ) -> None:
        model = _json(model_version).decode()
        replay = _json(replay_id).decode()
        self._middle = f',"model_version":{model},"epoch":{epoch},"source_partition":'
        self._end = f'","scored_at":"{format_instant(scored_at)}","replay_id":{replay}}}'

    def values(
        self,
        slot_ids: Sequence[str],
        probabilities: Sequence[float],
        starts: Sequence[str],
        partitions: Iterable[int],
        offsets: Iterable[int],
    ) -> list[bytes]:
        """n values from columns; ``starts``: lesson_start_at in the form that we write.

        Raises:
            ValueError: a probability is not within 0 to 1 (NaN included).
        """
        if not all(0.0 <= probability <= 1.0 for probability in probabilities):
            raise ValueError("a value outside 0 to 1 is not a probability")
        middle, end = self._middle, self._end
        return (
            [
                f'{{"schema_version":1,"slot_id":"{slot_id}","probability":{probability}{middle}'
                f'{partition},"source_offset":{offset},"lesson_start_at":"{start}{end}'.encode()
                for slot_id, probability, partition, offset, start in zip(
                    _escaped(slot_ids),
                    _json(probabilities).decode()[1:-1].split(","),
                    partitions,
                    offsets,
                    starts,
                    strict=True,
                )
            ]
            if slot_ids
            else []
        )


def _escaped(texts: Sequence[str]) -> Sequence[str]:
    """As they stand between quotes in JSON."""
    if _NOT_PLAIN.search("".join(texts)) is None:
        return texts
    return [_json(text).decode()[1:-1] for text in texts]
