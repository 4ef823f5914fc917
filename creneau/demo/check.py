"""Was anything lost, done twice or left behind? A plain reader's answer, which knows nothing of the
workers, of the executors or of the certificate.

What the slot app says it published is held against what stands in the three topics: each event must
have exactly one live outcome, a probability or, if it was malformed, a dead letter with its code. A
replay's outcomes come on top, at most one for each event; after it no slot may be left with a
probability of the revoked model.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from creneau.demo.held import Correction, correction, held_in_the_end, left_behind
from creneau.demo.logs import Logs, Published

EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """The counts of ``creneau demo``; ``published`` has the malformed ones in it."""

    published: int
    scored: int
    """Events with a live probability."""
    dead_lettered: int
    lost: int
    duplicated: int
    """Outcomes beyond the one live and the one of the replay that an event may have."""
    withdrawn: int
    """Outputs without a probability."""
    left_behind: int
    """Slots that still hold a probability of the revoked model."""
    dead_letters_exact: bool
    """Each malformed event has its dead letter with the right code, and nothing else has one."""
    correction: Correction | None
    examples: tuple[str, ...]
    """A line about each of the first things that are wrong."""

    @property
    def passed(self) -> bool:
        wrong = self.lost + self.duplicated + self.left_behind
        return wrong == 0 and self.dead_letters_exact


def judge(published: Sequence[Published], logs: Logs, revoked: str) -> Verdict:
    """Hold the logs against what was published; ``revoked`` is the model that was revoked."""
    outcomes = Counter((one.place, one.replay_id) for one in logs.outputs)
    outcomes.update((one.place, one.replay_id) for one in logs.letters)
    # A replay that refuses an event writes a dead letter and a withdrawal: one outcome.
    outcomes.subtract(
        (one.place, one.replay_id)
        for one in logs.outputs
        if one.replay_id is not None and one.probability is None
    )
    answered = {
        logs.events[place]
        for place, replay_id in outcomes
        if replay_id is None and place in logs.events
    }
    lost = [event.slot_id for event in published if event.slot_id not in answered]
    twice = [place for (place, _), count in outcomes.items() if count > 1]
    surplus = sum(count - 1 for count in outcomes.values() if count > 1)
    published_twice = len(logs.events) - len(set(logs.events.values()))
    misplaced = _misplaced(published, logs)
    held = held_in_the_end(logs.outputs)
    behind = left_behind(held, revoked)
    examples = (
        [f"lost: {slot_id}" for slot_id in lost[:EXAMPLES]]
        + [f"twice: the event at partition {p}, offset {o}" for p, o in twice[:EXAMPLES]]
        + [f"left behind: {slot} holds a probability of {revoked}" for slot in behind[:EXAMPLES]]
        + misplaced[:EXAMPLES]
    )
    return Verdict(
        published=len(published),
        scored=len({one.place for one in logs.outputs if one.replay_id is None}),
        dead_lettered=len({one.place for one in logs.letters if one.replay_id is None}),
        lost=len(lost),
        duplicated=surplus + published_twice,
        withdrawn=sum(one.probability is None for one in logs.outputs),
        left_behind=len(behind),
        dead_letters_exact=not misplaced,
        correction=correction(published, logs.outputs, held, revoked),
        examples=tuple(examples),
    )


def _misplaced(published: Sequence[Published], logs: Logs) -> list[str]:
    """A line for each dead letter that should not be, or is missing, or has another code."""
    expected = {event.slot_id: event.code for event in published if event.code is not None}
    found = {
        logs.events.get(one.place, f"offset {one.place}"): one.code
        for one in logs.letters
        if one.replay_id is None
    }
    return [
        f"dead letter of {slot_id}: expected {expected.get(slot_id)}, found {found.get(slot_id)}"
        for slot_id in sorted(expected.keys() | found.keys())
        if expected.get(slot_id) != found.get(slot_id)
    ] + [
        f"a probability for the malformed {slot_id}"
        for one in logs.outputs
        if one.probability is not None and (slot_id := logs.events.get(one.place, "")) in expected
    ]
