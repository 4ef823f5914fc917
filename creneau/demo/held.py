"""What a reader holds for each slot when it keeps the reader's rule, and how good that is. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from creneau.demo.logs import Output, Published
from producer_contract.rule import applies


@dataclass(frozen=True, slots=True)
class Correction:
    """How far the probabilities of the slots that a model scored live were from the true ones, on
    average: as it scored them, and as they are held in the end."""

    slots: int
    before: float
    after: float


def held_in_the_end(outputs: Iterable[Output]) -> dict[str, Output]:
    """By slot, the output that applies when all have been read."""
    held: dict[str, Output] = {}
    for output in outputs:
        earlier = held.get(output.slot_id)
        if applies(_rank(earlier) if earlier else None, _rank(output)):
            held[output.slot_id] = output
    return held


def left_behind(held: Mapping[str, Output], model_version: str) -> list[str]:
    """The slots whose held probability comes from that model."""
    return sorted(
        slot_id
        for slot_id, output in held.items()
        if output.probability is not None and output.model_version == model_version
    )


def correction(
    published: Iterable[Published],
    outputs: Sequence[Output],
    held: Mapping[str, Output],
    model_version: str,
) -> Correction | None:
    """What holding the outputs of ``held`` instead of that model's live ones is worth.

    None: it scored nothing live that still has a probability.
    """
    true = {event.slot_id: event.true_probability for event in published}
    before, after = [], []
    for output in outputs:
        live = output.replay_id is None and output.model_version == model_version
        now = held[output.slot_id].probability
        if live and output.probability is not None and now is not None:
            before.append(abs(output.probability - true[output.slot_id]))
            after.append(abs(now - true[output.slot_id]))
    if not before:
        return None
    return Correction(len(before), sum(before) / len(before), sum(after) / len(after))


def _rank(output: Output) -> tuple[int, int]:
    return output.place[1], output.epoch
