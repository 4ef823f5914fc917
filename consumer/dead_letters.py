"""Reading the dead letters: which there are, and what one holds."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from broker.dead_letters import DeadLetter, parse_dead_letter
from broker.log import read_to_end
from broker.messages import headers_of
from broker.records import Headers
from broker.settings import KafkaSettings


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter as it stands on its topic, bytes untouched.

    ``why`` is what its headers say; its partition and offset are those of the source event.
    ``written_ms``: Kafka's timestamp, milliseconds since 1970.
    """

    why: DeadLetter
    written_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def place(self) -> tuple[int, int]:
        """Source partition and offset of the event."""
        return self.why.partition, self.why.offset


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dead letters; an empty set selects all."""

    codes: frozenset[str] = frozenset()
    partitions: frozenset[int] = frozenset()
    offsets: frozenset[int] = frozenset()

    def takes(self, why: DeadLetter) -> bool:
        """Whether this one is selected."""
        return (
            (not self.codes or why.code in self.codes)
            and (not self.partitions or why.partition in self.partitions)
            and (not self.offsets or why.offset in self.offsets)
        )


@dataclass(slots=True)
class Summary:
    """``total`` selected letters, by code, and the ``newest`` of them (up to a limit)."""

    total: int
    by_code: Counter[str]
    newest: list[Letter]


def letters(kafka: KafkaSettings, selection: Selection) -> Iterator[Letter]:
    """The selected dead letters, partition by partition, up to the end as it is now.

    Raises:
        UnavailableError: the cluster does not answer, or has no such topic.
    """
    partitions = sorted(selection.partitions) or None
    for message in read_to_end(kafka, kafka.names.dead_letters, partitions=partitions):
        headers = headers_of(message)
        why = parse_dead_letter(headers)
        if why is not None and selection.takes(why):
            yield Letter(why, message.timestamp()[1], message.key(), message.value(), headers)


def summary(kafka: KafkaSettings, selection: Selection, limit: int) -> Summary:
    """Counts of all selected letters and the newest ``limit`` of them, newest first."""
    found = Summary(0, Counter(), [])
    for letter in letters(kafka, selection):
        found.total += 1
        found.by_code[letter.why.code] += 1
        found.newest.append(letter)
        if len(found.newest) >= 2 * limit + 1_000:
            found.newest = _newest(found.newest, limit)
    found.newest = _newest(found.newest, limit)
    return found


def _newest(some: list[Letter], limit: int) -> list[Letter]:
    return sorted(some, key=lambda letter: letter.written_ms, reverse=True)[:limit]
