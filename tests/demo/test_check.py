"""The demo's verdict: what is lost, what is done twice, and which dead letters are right."""

from dataclasses import replace

from creneau.demo.check import Logs, judge

PUBLISHED = {"a": None, "b": None, "c": "bad-time", "d": None}
SOUND = Logs(
    events={(0, 0): "a", (0, 1): "b", (1, 0): "c", (1, 4): "d"},
    probabilities=[((0, 0), "a"), ((0, 1), "b"), ((1, 4), "d")],
    dead_letters=[((1, 0), "bad-time")],
)


def test_one_outcome_for_each_event_passes() -> None:
    verdict = judge(PUBLISHED, SOUND)
    assert verdict.passed
    assert (verdict.published, verdict.scored, verdict.dead_lettered) == (4, 3, 1)
    assert (verdict.lost, verdict.duplicated, verdict.examples) == (0, 0, ())


def test_an_event_without_outcome_is_lost() -> None:
    verdict = judge(PUBLISHED, replace(SOUND, probabilities=SOUND.probabilities[1:]))
    assert verdict.lost == 1
    assert not verdict.passed
    assert verdict.examples == ("lost: a",)


def test_an_event_that_never_reached_the_topic_is_lost() -> None:
    assert judge(PUBLISHED | {"e": None}, SOUND).lost == 1


def test_a_second_probability_is_a_duplicate() -> None:
    verdict = judge(PUBLISHED, replace(SOUND, probabilities=[*SOUND.probabilities, ((0, 1), "b")]))
    assert verdict.duplicated == 1
    assert not verdict.passed
    assert "partition 0, offset 1" in verdict.examples[0]


def test_a_probability_beside_a_dead_letter_is_a_duplicate() -> None:
    letters = [*SOUND.dead_letters, ((0, 0), "bad-time")]
    verdict = judge(PUBLISHED, replace(SOUND, dead_letters=letters))
    assert verdict.duplicated == 1
    assert not verdict.dead_letters_exact


def test_a_slot_that_stands_twice_in_the_source_is_a_duplicate() -> None:
    logs = replace(
        SOUND,
        events={**SOUND.events, (1, 6): "d"},
        probabilities=[*SOUND.probabilities, ((1, 6), "d")],
    )
    assert judge(PUBLISHED, logs).duplicated == 1


def test_a_dead_letter_with_another_code_is_not_exact() -> None:
    verdict = judge(PUBLISHED, replace(SOUND, dead_letters=[((1, 0), "not-json")]))
    assert (verdict.lost, verdict.duplicated, verdict.passed) == (0, 0, False)
    assert "expected bad-time, found not-json" in verdict.examples[0]


def test_a_malformed_event_that_was_scored_is_not_exact() -> None:
    logs = replace(SOUND, probabilities=[*SOUND.probabilities, ((1, 0), "c")], dead_letters=[])
    verdict = judge(PUBLISHED, logs)
    assert (verdict.lost, verdict.duplicated, verdict.passed) == (0, 0, False)
