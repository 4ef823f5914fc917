"""The worker's commit metadata: the partition's open run, carried by its committed offset."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommitMetadata:
    """The open run of a partition, which ends at the committed offset.

    ``epoch`` is the decision it was scored under, ``run_from`` its first offset, ``scored`` and
    ``dead`` the outcomes in it so far.
    """

    epoch: int
    run_from: int
    scored: int
    dead: int


_FIELDS = frozenset(CommitMetadata.__dataclass_fields__)


def encode(metadata: CommitMetadata) -> str:
    """JSON, far below Kafka's limit of 4,096 bytes."""
    return json.dumps(
        {
            "epoch": metadata.epoch,
            "run_from": metadata.run_from,
            "scored": metadata.scored,
            "dead": metadata.dead,
        },
        separators=(",", ":"),
    )


def parse(text: str | None) -> CommitMetadata | None:
    """The open run, or None where a worker did not write this (an operator moved the group)."""
    if not text:
        return None
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or not fields.keys() >= _FIELDS:
        return None
    values = {name: fields[name] for name in _FIELDS}
    if not all(type(value) is int and value >= 0 for value in values.values()):
        return None
    return CommitMetadata(**values)
