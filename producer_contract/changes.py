"""What changes for a slot app when outputs are read. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from producer_contract.held import Held
from producer_contract.records import SlotProbabilityRecord
from producer_contract.rule import applies


@dataclass(frozen=True, slots=True)
class Change:
    """A slot's probability is now another one, comes from another model, or is withdrawn.

    ``now`` is the output that applies (``probability`` None: withdrawn); ``before`` is what was
    held for the slot, None when this is the first thing heard of it.
    """

    now: SlotProbabilityRecord
    before: Held | None

    @property
    def slot_id(self) -> str:
        return self.now.slot_id

    @property
    def withdrawn(self) -> bool:
        return self.now.probability is None


def changes(
    held: Mapping[str, Held], outputs: Iterable[SlotProbabilityRecord]
) -> tuple[list[Change], dict[str, Held]]:
    """Apply ``outputs`` in the order in which they were read.

    Returns:
        What changed, in that order, and what is to be held now for the slots touched.
    """
    changed: list[Change] = []
    touched: dict[str, Held] = {}
    for output in outputs:
        before = touched.get(output.slot_id) or held.get(output.slot_id)
        now = Held(output.source_offset, output.epoch, output.probability, output.model_version)
        if not applies(before.position if before else None, now.position):
            continue
        touched[output.slot_id] = now
        if before is None or _differs(before, now):
            changed.append(Change(output, before))
    return changed, touched


def _differs(before: Held, now: Held) -> bool:
    return (before.probability, before.model_version) != (now.probability, now.model_version)
