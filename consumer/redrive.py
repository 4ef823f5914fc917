"""Publishing dead letters again: the original bytes, back on the source topic.

A redriven event carries the header ``redriven-from``, the place it had before. That is how running
it twice publishes nothing twice: what already stands on the source is left out. One transactional
id makes sure that two operators do not do it at the same moment.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from broker.clients import new_admin
from broker.dead_letters import own_headers
from broker.log import offsets_for_time, read_to_end
from broker.messages import headers_of
from broker.session import SessionLost, TransactionAborted, TransactionalSession
from broker.settings import KafkaSettings
from consumer.dead_letters import Letter, Selection, letters
from producer_contract.errors import UnavailableError

HEADER: Final = "redriven-from"
CHUNK: Final = 1_000
"""Events in a transaction."""

CLOCK_SKEW_MS: Final = 3_600_000
"""A redriven event is looked for from so long before its dead letter on."""

Place = tuple[int, int]


class RedriveInterruptedError(UnavailableError):
    """Not everything was published; running it again goes on where it stopped."""


class Redrive:
    """One redriving: look first (``chosen``), then ``publish``.

    Raises:
        UnavailableError: the cluster does not answer, or somebody else is redriving.
    """

    def __init__(self, kafka: KafkaSettings, selection: Selection) -> None:
        self._kafka = kafka
        self._selection = selection
        try:
            # First of all: it ends whatever another redriving has open.
            self._session = TransactionalSession(kafka, f"{kafka.prefix}creneau-redrive")
        except SessionLost as error:
            raise RedriveInterruptedError(
                "somebody else is redriving at this moment; try again when that is done"
            ) from error
        first_written: dict[int, int] = {}
        found: set[Place] = set()
        for letter in letters(kafka, selection):
            found.add(letter.place)
            earlier = first_written.get(letter.why.partition, letter.written_ms)
            first_written[letter.why.partition] = min(earlier, letter.written_ms)
        self.before: set[Place] = found & set(_redriven(kafka, first_written))
        self.chosen: set[Place] = found - self.before

    def publish(self) -> int:
        """Publish what was chosen; how many events that were.

        Raises:
            RedriveInterruptedError: as above.
        """
        published = 0
        left = set(self.chosen)
        pending = self._once_each(left)
        try:
            while chunk := list(islice(pending, CHUNK)):
                self._publish(chunk)
                published += len(chunk)
        except (SessionLost, TransactionAborted) as error:
            raise RedriveInterruptedError(
                f"redriving stopped after {published} of {len(self.chosen)} events ({error}); run "
                "it again: what was published is not published twice"
            ) from error
        return published

    def close(self) -> None:
        """Let the client go."""
        self._session.close()

    def _once_each(self, left: set[Place]) -> Iterator[Letter]:
        """The chosen letters; one of an event that has several (a live one and a replay's)."""
        for letter in letters(self._kafka, self._selection):
            if letter.place in left:
                left.discard(letter.place)
                yield letter

    def _publish(self, chunk: Iterable[Letter]) -> None:
        self._session.begin()
        for letter in chunk:
            partition, offset = letter.place
            kept = [pair for pair in own_headers(letter.headers) if pair[0] != HEADER]
            self._session.produce(
                self._kafka.names.slot_created,
                partition,
                key=letter.key,
                value=letter.value,
                headers=[*kept, (HEADER, b"%d@%d" % (partition, offset))],
            )
        self._session.commit()


def _redriven(kafka: KafkaSettings, first_written: dict[int, int]) -> Iterator[Place]:
    """The places that events on the source say they were redriven from."""
    if not first_written:
        return
    topic = kafka.names.slot_created
    admin = new_admin(kafka)
    earliest = min(first_written.values()) - CLOCK_SKEW_MS
    starts = offsets_for_time(admin, topic, sorted(first_written), max(0, earliest))
    for message in read_to_end(kafka, topic, partitions=sorted(starts), starts=starts):
        for name, value in headers_of(message):
            if name == HEADER and value is not None:
                partition, _, offset = value.partition(b"@")
                if partition.isdigit() and offset.isdigit():
                    yield int(partition), int(offset)
