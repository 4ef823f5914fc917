"""Everything that is on the logs, as a plain reader finds it: JSON and headers, nothing of ours."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from broker.settings import KafkaSettings
from tests import exactly_once
from tests.exactly_once import Place

Fields = dict[str, Any]
"""One JSON record as it stands on the log."""


@dataclass(frozen=True)
class Dead:
    """A dead letter: where it came from, under which epoch, in which replay (None: live)."""

    place: Place
    epoch: int
    code: str
    replay_id: str | None
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True)
class Seen:
    """Everything that is on the logs; ``outputs``, ``dead`` and ``runs`` in log order."""

    events: Mapping[Place, tuple[bytes | None, bytes | None]]
    outputs: list[Fields]
    dead: list[Dead]
    runs: list[Fields]
    ledger: Mapping[int, Fields]
    committed: Mapping[int, tuple[int | None, str]]

    @property
    def reset_partitions(self) -> set[int]:
        """The partitions in which an operator has moved the group: I1 to I3 set them aside."""
        return {run["source_partition"] for run in self.runs if run["reset"]}

    def models_by_epoch(self) -> dict[int, str | None]:
        """Which version an epoch stands for: live decisions and replay requests, folded naively."""
        found: dict[int, str | None] = {}
        in_force: str | None = None
        revoked: set[str] = set()
        for offset, record in sorted(self.ledger.items()):
            if record["type"] == "ModelPromoted" and record["version"] not in revoked:
                in_force = record["version"]
            elif record["type"] == "ModelRevoked":
                revoked |= set(record["versions"])
                if in_force in revoked:
                    in_force = record["replacement"]
            elif record["type"] == "ReplayRequested":
                found[offset] = record["with_model"]
                continue
            else:
                continue
            found[offset] = in_force
        return found

    def of_version(self, version: str) -> list[Fields]:
        """The outputs by one model."""
        return [output for output in self.outputs if output["model_version"] == version]


def look(kafka: KafkaSettings) -> Seen:
    """Read all topics to their ends. The group's offsets come first: what lies below them has its
    outcome on the logs that are read after."""
    names = kafka.names
    committed = exactly_once.committed_with_metadata(kafka)
    return Seen(
        events={
            (message.partition() or 0, message.offset() or 0): (message.key(), message.value())
            for message in exactly_once.read(kafka, names.slot_created)
        },
        outputs=_records(kafka, names.slot_probability),
        dead=_dead_letters(kafka),
        runs=_records(kafka, names.scoring_runs),
        ledger={
            message.offset() or 0: json.loads(message.value() or b"")
            for message in exactly_once.read(kafka, names.model_ledger)
        },
        committed=committed,
    )


def _records(kafka: KafkaSettings, topic: str) -> list[Fields]:
    return [json.loads(message.value() or b"") for message in exactly_once.read(kafka, topic)]


def _dead_letters(kafka: KafkaSettings) -> list[Dead]:
    found = []
    for message in exactly_once.read(kafka, kafka.names.dead_letters):
        headers = {name: _text(text) for name, text in dict(message.headers() or []).items()}
        found.append(
            Dead(
                place=(int(headers["creneau-partition"]), int(headers["creneau-offset"])),
                epoch=int(headers["creneau-epoch"]),
                code=headers["creneau-code"],
                replay_id=headers.get("creneau-replay-id"),
                key=message.key(),
                value=message.value(),
            )
        )
    return found


def _text(value: bytes | str | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""


def place_of(output: Fields) -> Place:
    """The source partition and offset of an output."""
    return output["source_partition"], output["source_offset"]
