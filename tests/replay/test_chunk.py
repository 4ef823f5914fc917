"""What a chunk writes for events that were scored or refused before, and are now."""

import json
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from broker.dead_letters import parse_dead_letter
from ledger.records import Interval
from ledger.runs import Run
from replay.chunk import Chunk, Provenance
from replay.source import SourceBatch
from replay.verdicts import DeadLetters, dead_before
from tests.consumer.world import slot

CHUNK = Interval(3, 0, 100)
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


class Half:
    """Gives every slot a probability of one half."""

    def probabilities(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full(len(matrix), 0.5)


def chunk(
    *messages: tuple[bytes | None, bytes | None], dead: frozenset[int] = frozenset()
) -> Chunk:
    """A chunk in which the messages stand at offsets 0, 2, 4 …"""
    made = Chunk(CHUNK, Provenance("t-slot-created", 9, "good", "r", "0.1.0"), dead)
    batch = SourceBatch(
        offsets=[2 * place for place in range(len(messages))],
        keys=[key for key, _ in messages],
        values=[value for _, value in messages],
        timestamp_ms=lambda _: 0,
        headers=lambda place: (("trace", b"%d" % place),),
    )
    made.add(Half(), batch, NOW)
    return made


def test_an_event_scored_again_gets_an_output_at_the_replays_epoch() -> None:
    made = chunk(slot(1))
    output = json.loads(made.outputs.values[0])
    assert (output["probability"], output["epoch"], output["replay_id"]) == (0.5, 9, "r")
    assert (output["source_partition"], output["source_offset"]) == (3, 0)
    assert (made.run().scored, made.run().dead, made.run().verdict_changes) == (1, 0, ())


def test_an_event_that_was_dead_and_still_is_gets_nothing() -> None:
    made = chunk((b"k", b"not json"), dead=frozenset({0}))
    assert (made.outputs.values, made.dead_letters) == ([], [])
    assert (made.run().dead, made.run().verdict_changes_count) == (1, 0)


def test_an_event_newly_refused_gets_a_dead_letter_and_a_withdrawal() -> None:
    made = chunk(slot(1), (b"slot-x", b"not json"))
    withdrawn = json.loads(made.outputs.values[1])
    assert (withdrawn["slot_id"], withdrawn["probability"]) == ("slot-x", None)
    assert (withdrawn["model_version"], withdrawn["lesson_start_at"]) == ("good", None)
    letter = made.dead_letters[0]
    assert (letter.key, letter.value) == (b"slot-x", b"not json")
    read = parse_dead_letter(letter.headers)
    assert read is not None
    assert (read.code, read.partition, read.offset) == ("not-json", 3, 2)
    assert (read.epoch, read.replay_id, read.topic) == (9, "r", "t-slot-created")
    assert ("trace", b"1") in letter.headers
    assert made.run().verdict_changes == ((2, "refused"),)


def test_nothing_is_withdrawn_under_a_key_that_no_slot_can_have() -> None:
    made = chunk((None, b"not json"), (b"\xff", b"{}"), (b"x" * 65, b"{}"))
    assert made.outputs.values == []
    assert len(made.dead_letters) == 3


def test_an_event_that_was_dead_and_now_is_scored_is_listed() -> None:
    made = chunk(slot(1), dead=frozenset({0}))
    assert len(made.outputs.values) == 1
    assert made.run().verdict_changes == ((0, "scored"),)


def test_at_most_a_hundred_changed_verdicts_are_listed_and_all_are_counted() -> None:
    made = chunk(*[(b"k", b"")] * 130)
    assert len(made.run().verdict_changes) == 100
    assert made.run().verdict_changes_count == 130


def earlier(*runs: Run, dead: list[tuple[int, int]], epoch: int = 20) -> frozenset[int]:
    return dead_before(CHUNK, DeadLetters(dead, epoch), runs, epoch)


LIVE = Run(3, 0, 100, 1, "bad")


def test_a_dead_letter_of_the_live_run_is_the_earlier_verdict() -> None:
    assert earlier(LIVE, dead=[(4, 1), (6, 1), (400, 1)]) == {4, 6}


def test_a_dead_letter_of_a_later_decision_says_nothing_about_before() -> None:
    assert earlier(LIVE, dead=[(4, 20), (6, 21)]) == frozenset()


def test_an_event_that_an_earlier_replay_scored_after_all_was_not_dead() -> None:
    replay = Run(3, 0, 50, 9, "w", "r", verdict_changes=((4, "scored"),), verdict_changes_count=1)
    assert earlier(LIVE, replay, dead=[(4, 1), (6, 1), (60, 1)]) == {6, 60}


def test_what_an_earlier_replay_refused_was_dead() -> None:
    replay = Run(3, 0, 50, 9, "w", "r", verdict_changes=((4, "refused"),), verdict_changes_count=1)
    assert earlier(LIVE, replay, dead=[(4, 9)]) == {4}


def test_where_the_changes_are_not_all_listed_an_event_counts_as_scored() -> None:
    replay = Run(3, 0, 50, 9, "w", "r", verdict_changes_count=200)
    assert earlier(LIVE, replay, dead=[(4, 1), (60, 1)]) == {60}


def test_a_live_run_after_a_reset_decides_anew() -> None:
    again = Run(3, 0, 50, 7, "v")
    assert earlier(LIVE, again, dead=[(4, 1), (6, 1), (6, 7)]) == {6}


def test_what_a_reset_may_have_scored_again_counts_as_scored() -> None:
    reset = Run(3, 6, 6, 7, "v", reset=True)
    assert earlier(LIVE, reset, dead=[(4, 1), (6, 1), (8, 7)]) == {4}
