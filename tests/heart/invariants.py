"""The invariants I1–I6 of protocol.md, checked from outside by a plain reader.

It imports nothing from ``consumer/`` or ``replay/``: it reads the topics committed, to their ends,
as JSON and headers, and compares event by event. Slow and simple on purpose: where the product has
intervals, this keeps one entry for each event. (I5 needs somebody who watches: ``watching.py``.)
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from broker.settings import KafkaSettings
from model.engine import Engine
from model.scoring import Scored, score
from tests import exactly_once
from tests.exactly_once import Place
from tests.heart.seen import Fields, Seen, look, place_of

InForce = tuple[int, str | None]
"""Epoch and model version of what counts at an offset."""


def assert_exactly_once(kafka: KafkaSettings) -> None:
    """I1 and I2."""
    exactly_once.check(kafka).assert_exactly_once()


# I3: the runs tell the same as the outcomes.


@dataclass
class Verdict:
    """What the outcomes say of one event: the output and the dead letter of the highest epochs."""

    output: InForce | None = None
    dead: int | None = None


def verdicts(seen: Seen) -> dict[Place, Verdict]:
    """By scanning outputs and dead letters; of one epoch, the later in the log counts."""
    found: dict[Place, Verdict] = {place: Verdict() for place in seen.events}
    for output in seen.outputs:
        verdict = found[place_of(output)]
        if verdict.output is None or output["epoch"] >= verdict.output[0]:
            verdict.output = output["epoch"], output["model_version"]
    for letter in seen.dead:
        verdict = found[letter.place]
        verdict.dead = max(letter.epoch, -1 if verdict.dead is None else verdict.dead)
    return found


def in_force_by_runs(seen: Seen) -> dict[Place, InForce]:
    """By the closed runs and the open ones in the group's metadata, event by event."""
    models = seen.models_by_epoch()
    runs = list(seen.runs)
    for partition, (offset, text) in seen.committed.items():
        if text and offset is not None:
            fields = json.loads(text)
            opened = {"source_partition": partition, "from_offset": fields["run_from"]}
            version = models[fields["epoch"]]
            runs.append(opened | fields | {"to_offset": offset, "model_version": version})
    found: dict[Place, InForce] = {}
    for run in runs:
        for offset in range(run["from_offset"], run["to_offset"]):
            place = run["source_partition"], offset
            if place in seen.events and (place not in found or run["epoch"] >= found[place][0]):
                found[place] = run["epoch"], run["model_version"]
    return found


def assert_runs_tell_the_truth(seen: Seen) -> None:
    """I3, and that each run's counts are those of its outcomes."""
    by_runs = in_force_by_runs(seen)
    replays = {offset for offset, r in seen.ledger.items() if r["type"] == "ReplayRequested"}
    wrong = []
    for place, verdict in verdicts(seen).items():
        if place[0] in seen.reset_partitions:
            continue
        epoch, version = by_runs.get(place, (None, None))
        if verdict.output is not None and verdict.output[0] >= (verdict.dead or -1):
            agreed = verdict.output == (epoch, version)
        elif verdict.dead is not None:
            # What was dead and still is gets no second dead letter from a replay.
            agreed = epoch == verdict.dead or (epoch in replays and epoch > verdict.dead)
        else:
            agreed = epoch is None
        if not agreed:
            wrong.append(f"{place}: runs say {epoch}, {version}; outcomes {verdict}")
    assert not wrong, f"I3: {len(wrong)} events: {wrong[:5]}"
    _assert_counts(seen)


def _assert_counts(seen: Seen) -> None:
    scored = Counter(
        (*place_of(o), o["epoch"]) for o in seen.outputs if o["probability"] is not None
    )
    dead = Counter((*letter.place, letter.epoch) for letter in seen.dead)
    for run in seen.runs:
        partition, epoch = run["source_partition"], run["epoch"]
        if partition in seen.reset_partitions or run["model_version"] is None:
            continue
        places = [
            (partition, offset)
            for offset in range(run["from_offset"], run["to_offset"])
            if (partition, offset) in seen.events
        ]
        assert run["scored"] == sum(scored[(*place, epoch)] for place in places), f"I3: {run}"
        if run["replay_id"] is None:
            assert run["dead"] == sum(dead[(*place, epoch)] for place in places), f"I3: {run}"
        assert run["scored"] + run["dead"] == len(places), f"I3: {run}: {len(places)} events"


# I4: nothing is left behind.


def left_behind(seen: Seen, from_models: Collection[str]) -> list[Place]:
    """The events whose highest-epoch output comes from one of the models."""
    return sorted(
        place
        for place, verdict in verdicts(seen).items()
        if verdict.output is not None and verdict.output[1] in from_models
    )


def applied(outputs: Iterable[Fields]) -> dict[str, Fields]:
    """What a slot app holds for each slot that applies the reader's rule to all, in log order."""
    held: dict[str, Fields] = {}
    for output in outputs:
        before = held.get(output["slot_id"])
        rank = output["source_offset"], output["epoch"]
        if before is None or rank >= (before["source_offset"], before["epoch"]):
            held[output["slot_id"]] = output
    return held


def assert_none_left(seen: Seen, from_models: Collection[str]) -> None:
    """I4: by event, and by slot under the reader's rule."""
    left = left_behind(seen, from_models)
    assert not left, f"I4: {len(left)} events of {len(seen.events)}: {left[:5]}"
    held = [
        o["slot_id"] for o in applied(seen.outputs).values() if o["model_version"] in from_models
    ]
    assert not held, f"I4: {len(held)} slots: {held[:5]}"


# I6: nobody scores who may not.


def assert_only_by_the_ledger(seen: Seen) -> None:
    """I6, first half: every output is by the model that the ledger names for its epoch."""
    models = seen.models_by_epoch()
    registered: dict[str, int] = {}
    for offset, record in seen.ledger.items():
        if record["type"] == "ModelRegistered":
            registered.setdefault(record["version"], offset)
    for output in seen.outputs:
        epoch, version = output["epoch"], output["model_version"]
        assert models.get(epoch) == version, f"I6: not in force at its epoch: {output}"
        assert registered.get(version, epoch) < epoch, f"I6: not on the ledger: {output}"


def assert_scored_as_registered(seen: Seen, engine_of: Callable[[str], Engine]) -> None:
    """I6: every probability is the one that the registered artifact gives for the event.

    ``engine_of`` loads a version's artifact and checks its digest.
    """
    for version in {output["model_version"] for output in seen.outputs}:
        outputs = [o for o in seen.of_version(version) if o["probability"] is not None]
        messages = [seen.events[place_of(output)] for output in outputs]
        results = score(engine_of(version), [m[0] for m in messages], [m[1] for m in messages])
        expected = [r.probability if isinstance(r, Scored) else np.nan for r in results]
        emitted = [output["probability"] for output in outputs]
        assert np.allclose(emitted, expected, rtol=0, atol=1e-9), f"I6: {version} was not {version}"


def assert_silent_above(seen: Seen, version: str, fences: Mapping[int, int]) -> None:
    """I6, second half: no live output of a revoked model at or above the fence."""
    above = [
        place_of(output)
        for output in seen.of_version(version)
        if output["replay_id"] is None
        and output["source_offset"] >= fences[output["source_partition"]]
    ]
    assert not above, f"I6: {version} scored {len(above)} events above the fence: {above[:5]}"


def fences_of(seen: Seen, replay_id: str) -> dict[int, int]:
    """The fences that a replay's request states."""
    request = next(r for r in seen.ledger.values() if r.get("replay_id") == replay_id)
    return {int(partition): offset for partition, offset in request["fences"].items()}


def assert_all(kafka: KafkaSettings, *, replayed: Collection[str] = ()) -> Seen:
    """I1 to I4 and I6 (for ``replayed`` models, after a completed replay of everything)."""
    assert_exactly_once(kafka)
    seen = look(kafka)
    assert_runs_tell_the_truth(seen)
    assert_only_by_the_ledger(seen)
    for record in seen.ledger.values():
        if record["type"] == "ReplayRequested":
            fences = {int(partition): offset for partition, offset in record["fences"].items()}
            for version in record["from_models"]:
                assert_silent_above(seen, version, fences)
    assert_none_left(seen, replayed)
    return seen
