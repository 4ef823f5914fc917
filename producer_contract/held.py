"""What a reader holds for each slot, and where it keeps that.

``HeldProbabilities`` is what a reader asks of a store; a slot app may keep it in its own database.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from producer_contract.errors import UnavailableError


class HeldUnavailableError(UnavailableError):
    """The store of what is held cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Held:
    """The output held for a slot; ``probability`` None: withdrawn."""

    source_offset: int
    epoch: int
    probability: float | None
    model_version: str

    @property
    def position(self) -> tuple[int, int]:
        """What the reader's rule compares."""
        return (self.source_offset, self.epoch)


class HeldProbabilities(Protocol):
    """Keeps what is held by slot. Used by one reader at a time, from one thread."""

    @property
    def durable(self) -> bool:
        """Whether it outlives the process. Where not, a reader starts at the oldest output."""
        ...

    def get(self, slot_ids: Collection[str]) -> Mapping[str, Held]:
        """What is held for these slots; those without are absent."""
        ...

    def put(self, held: Mapping[str, Held]) -> None:
        """Hold these instead of what was held for the same slots; all of them or none."""
        ...


class HeldInMemory:
    """Kept in this process: about 200 bytes per slot, gone with it."""

    durable = False

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}

    def get(self, slot_ids: Collection[str]) -> Mapping[str, Held]:
        return {slot_id: self._held[slot_id] for slot_id in slot_ids if slot_id in self._held}

    def put(self, held: Mapping[str, Held]) -> None:
        self._held.update(held)


class HeldInSQLite:
    """Kept in a SQLite file, which several readers on one machine may share."""

    durable = True

    def __init__(self, path: Path | str) -> None:
        self._path = str(path)
        with _explained(self._path):
            self._database = sqlite3.connect(self._path, timeout=30)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS held_probability ("
                "slot_id TEXT PRIMARY KEY, source_offset INTEGER NOT NULL, epoch INTEGER NOT NULL,"
                " probability REAL, model_version TEXT NOT NULL) WITHOUT ROWID"
            )

    def get(self, slot_ids: Collection[str]) -> Mapping[str, Held]:
        held: dict[str, Held] = {}
        with _explained(self._path):
            for some in _in_turns(slot_ids, 500):  # below SQLite's limit on placeholders
                with closing(
                    self._database.execute(
                        "SELECT slot_id, source_offset, epoch, probability, model_version"
                        f" FROM held_probability WHERE slot_id IN ({','.join('?' * len(some))})",
                        some,
                    )
                ) as rows:
                    held.update((row[0], Held(*row[1:])) for row in rows)
        return held

    def put(self, held: Mapping[str, Held]) -> None:
        rows = [
            (slot_id, h.source_offset, h.epoch, h.probability, h.model_version)
            for slot_id, h in held.items()
        ]
        with _explained(self._path), self._database:
            # The rule once more: another reader on this file may be ahead after a rebalance.
            self._database.executemany(
                "INSERT INTO held_probability VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (slot_id) DO UPDATE SET source_offset = excluded.source_offset,"
                " epoch = excluded.epoch, probability = excluded.probability,"
                " model_version = excluded.model_version"
                " WHERE (excluded.source_offset, excluded.epoch)"
                " >= (held_probability.source_offset, held_probability.epoch)",
                rows,
            )

    def close(self) -> None:
        self._database.close()


@contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise HeldUnavailableError(
            f"{path} cannot keep what is held ({error}); check the file, its folder and its owner"
        ) from error


def _in_turns(items: Collection[str], size: int) -> Iterator[list[str]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
