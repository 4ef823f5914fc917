"""The runs: which offsets were scored under which decision, by which model, with what outcome."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from broker.log import READ_DEADLINE, read_to_end
from broker.settings import KafkaSettings
from ledger.records import UnreadableLedgerError
from ledger.tail import LogTail

VERDICT_CHANGES_LISTED: Final = 100
"""How many changed verdicts a run names; the others are only counted."""

Verdict = Literal["refused", "scored"]


class Run(msgspec.Struct, frozen=True, gc=False):
    """One run: every source record of ``[from_offset, to_offset)`` got its outcome at ``epoch``.

    ``model_version`` None: the range was lost to retention before it was scored.
    ``replay_id`` None: live. ``reset``: an operator moved the group to ``from_offset``
    (= ``to_offset``, no counts). ``verdict_changes``: (source offset, what it is now) of at most
    100 of the ``verdict_changes_count`` events whose verdict a replay changed.
    """

    source_partition: int
    from_offset: int
    to_offset: int
    epoch: int
    model_version: str | None
    replay_id: str | None = None
    scored: int = 0
    dead: int = 0
    verdict_changes: tuple[tuple[int, Verdict], ...] = ()
    verdict_changes_count: int = 0
    reset: bool = False

    @property
    def events(self) -> int:
        """How many source records it covers."""
        return self.scored + self.dead

    @property
    def empty(self) -> bool:
        return self.from_offset >= self.to_offset


# A plan reads every run there ever was: of 100,000, json and a data class took 1.4 s, this 0.1 s.
_READ: Final = msgspec.json.Decoder(Run).decode


def encode_run(run: Run) -> bytes:
    """The run as it stands on ``scoring-runs``."""
    return msgspec.json.encode(run)


def decode_run(value: bytes | None) -> Run:
    """Read one run; unknown fields are ignored, and one that ``Run`` has a default for may be
    absent.

    Raises:
        UnreadableLedgerError: it is none of ours.
    """
    try:
        return _READ(value or b"")
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnreadableLedgerError(
            f"a record of scoring-runs cannot be read ({error!r}); "
            "is this version of creneau older than the one that wrote it?"
        ) from error


def read_runs(kafka: KafkaSettings) -> list[Run]:
    """Every run, in log order, up to the end now (never before an open transaction's end)."""
    return [run for _, run in read_runs_timed(kafka)]


def read_runs_timed(kafka: KafkaSettings) -> Iterator[tuple[int, Run]]:
    """Every run with the time at which it was written (milliseconds since 1970)."""
    for message in read_to_end(kafka, kafka.names.scoring_runs, partitions=[0]):
        yield message.timestamp()[1], decode_run(message.value())


class RunsReader:
    """Follows ``scoring-runs``; ``runs`` grows by what each reading brings.

    ``written_ms``: when each of them was written (milliseconds since 1970).
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._tail = LogTail(kafka, kafka.names.scoring_runs)
        self.runs: list[Run] = []
        self.written_ms: list[int] = []

    def read_to_end(self, *, deadline_seconds: float = READ_DEADLINE) -> list[Run]:
        """All runs up to the end as it is now (a fresh high watermark each time).

        Raises:
            LogNotStableError: an open transaction held the end back past the deadline.
        """
        messages = self._tail.read_to_end(deadline_seconds=deadline_seconds)
        self.runs += [decode_run(message.value()) for message in messages]
        self.written_ms += [message.timestamp()[1] for message in messages]
        return self.runs

    def close(self) -> None:
        """Let the client go."""
        self._tail.close()


def of_replay(runs: Iterable[Run], replay_id: str) -> list[Run]:
    """The runs of one replay."""
    return [run for run in runs if run.replay_id == replay_id]
