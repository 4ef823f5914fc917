"""What a naive observer keeps of every event: one entry for each slot, and no history."""

from dataclasses import dataclass

from replay.observed import Kind

Judged = tuple[int, str]
"""The epoch and the model."""


@dataclass
class Slot:
    """One event. ``judged``: who looked at it last, that is under the highest epoch, whatever came
    of it, a refusal that a replay passed over in silence included; ``replayed``: the same of
    replays alone; ``held``: of whom the output is that readers hold, a withdrawal being nobody's.
    """

    judged: Judged | None = None
    replayed: Judged | None = None
    held: tuple[int, str | None] | None = None

    def judge(self, epoch: int, version: str, *, in_replay: bool) -> None:
        if self.judged is None or epoch >= self.judged[0]:
            self.judged = (epoch, version)
        if in_replay and (self.replayed is None or epoch >= self.replayed[0]):
            self.replayed = (epoch, version)

    def put_out(self, epoch: int, version: str, kind: Kind) -> None:
        """An output or a dead letter becomes visible; the latter never reaches a reader."""
        if kind is not Kind.DEAD_LETTER and (self.held is None or epoch >= self.held[0]):
            self.held = (epoch, version if kind is Kind.PROBABILITY else None)

    @property
    def judged_by(self) -> str | None:
        return self.judged[1] if self.judged is not None else None

    @property
    def held_of(self) -> str | None:
        return self.held[1] if self.held is not None else None

    def owed_by(self, models: frozenset[str]) -> bool:
        """Whether a replay from these models has to look at it again: what docs/protocol.md calls
        affected, and decision 2 adds."""
        replayed_by = self.replayed[1] if self.replayed is not None else None
        return bool(models & {self.judged_by, replayed_by, self.held_of})
