"""The headers of a dead letter: where the record came from and why it was refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from broker.records import Headers

PREFIX: Final = "creneau-"

MAX_VALUE_ROOM: Final = 64 * 1024
"""How much larger than a source record a dead letter may be: its headers."""

_REASON_BYTES: Final = 2_000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What the headers say. ``topic`` is as on the cluster, prefix included.

    ``replay_id`` None: live. ``version``: of the distribution that refused it.
    """

    code: str
    reason: str
    topic: str
    partition: int
    offset: int
    epoch: int
    replay_id: str | None
    version: str


def dead_letter_headers(
    record_topic: str,
    partition: int,
    offset: int,
    epoch: int,
    code: str,
    reason: str,
    replay_id: str | None,
    version: str,
    original_headers: Headers | Sequence[tuple[str, bytes | None]] = (),
) -> list[tuple[str, bytes | None]]:
    """The headers of a dead letter: the slot app's own, then ours; numbers in decimal ASCII.

    Headers of ours that the record already carries (it was redriven) are replaced, so that each
    name stands once.
    """
    ours: list[tuple[str, bytes | None]] = [
        ("creneau-code", code.encode()),
        ("creneau-reason", reason.encode("utf-8", "replace")[:_REASON_BYTES]),
        ("creneau-topic", record_topic.encode()),
        ("creneau-partition", b"%d" % partition),
        ("creneau-offset", b"%d" % offset),
        ("creneau-epoch", b"%d" % epoch),
        ("creneau-version", version.encode()),
    ]
    if replay_id is not None:
        ours.append(("creneau-replay-id", replay_id.encode()))
    return [*own_headers(original_headers), *ours]


def own_headers(
    headers: Headers | Sequence[tuple[str, bytes | None]] | None,
) -> list[tuple[str, bytes | None]]:
    """The slot app's own headers: all but ours."""
    return [(name, value) for name, value in headers or () if not name.startswith(PREFIX)]


def parse_dead_letter(
    headers: Headers | Sequence[tuple[str, bytes | None]] | None,
) -> DeadLetter | None:
    """What the headers say, None where they are not those of a dead letter of ours."""
    texts = {
        name.removeprefix(PREFIX): value.decode("utf-8", "replace")
        for name, value in headers or ()
        if name.startswith(PREFIX) and value is not None
    }
    try:
        return DeadLetter(
            code=texts["code"],
            reason=texts["reason"],
            topic=texts["topic"],
            partition=int(texts["partition"]),
            offset=int(texts["offset"]),
            epoch=int(texts["epoch"]),
            replay_id=texts.get("replay-id"),
            version=texts["version"],
        )
    except (KeyError, ValueError):
        return None
