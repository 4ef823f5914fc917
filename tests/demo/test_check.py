"""The demo's verdict: what is lost, done twice or left behind, and which dead letters are right."""

from dataclasses import replace

from creneau.demo.check import Verdict, judge
from creneau.demo.logs import Letter, Logs, Output, Published

PUBLISHED = [
    Published("a", None, 0.5),
    Published("b", None, 0.5),
    Published("c", "bad-time"),
    Published("d", None, 0.5),
]


def live(partition: int, offset: int, slot_id: str, model: str = "good", epoch: int = 1) -> Output:
    return Output((partition, offset), slot_id, model, epoch, 0.9 if model == "bad" else 0.4)


def replayed(output: Output, epoch: int = 7) -> Output:
    return replace(output, model_version="good", epoch=epoch, probability=0.4, replay_id="r")


BAD_B, BAD_D = live(0, 1, "b", "bad", 3), live(1, 4, "d", "bad", 3)
SOUND = Logs(
    events={(0, 0): "a", (0, 1): "b", (1, 0): "c", (1, 4): "d"},
    outputs=[live(0, 0, "a"), BAD_B, BAD_D, replayed(BAD_B), replayed(BAD_D)],
    letters=[Letter((1, 0), "bad-time")],
)


def verdict_on(logs: Logs, published: list[Published] = PUBLISHED) -> Verdict:
    return judge(published, logs, "bad")


def with_outputs(*more: Output) -> Logs:
    return replace(SOUND, outputs=[*SOUND.outputs, *more])


def test_one_live_outcome_for_each_event_and_a_replay_on_top_passes() -> None:
    verdict = verdict_on(SOUND)
    assert verdict.passed
    assert (verdict.published, verdict.scored, verdict.dead_lettered) == (4, 3, 1)
    assert (verdict.lost, verdict.duplicated, verdict.left_behind) == (0, 0, 0)
    assert verdict.examples == ()


def test_an_event_without_outcome_is_lost() -> None:
    verdict = verdict_on(replace(SOUND, outputs=SOUND.outputs[1:]))
    assert verdict.lost == 1
    assert not verdict.passed
    assert verdict.examples == ("lost: a",)


def test_an_event_that_only_a_replay_answered_is_lost() -> None:
    without_live = [output for output in SOUND.outputs if output is not BAD_B]
    assert verdict_on(replace(SOUND, outputs=without_live)).lost == 1


def test_an_event_that_never_reached_the_topic_is_lost() -> None:
    assert verdict_on(SOUND, [*PUBLISHED, Published("e")]).lost == 1


def test_a_second_live_probability_is_a_duplicate() -> None:
    verdict = verdict_on(with_outputs(live(0, 0, "a")))
    assert verdict.duplicated == 1
    assert not verdict.passed
    assert "partition 0, offset 0" in verdict.examples[0]


def test_a_second_output_of_the_same_replay_is_a_duplicate() -> None:
    verdict = verdict_on(with_outputs(replayed(BAD_B)))
    assert (verdict.duplicated, verdict.passed) == (1, False)


def test_a_probability_beside_a_dead_letter_is_a_duplicate() -> None:
    verdict = verdict_on(replace(SOUND, letters=[*SOUND.letters, Letter((0, 0), "bad-time")]))
    assert verdict.duplicated == 1
    assert not verdict.dead_letters_exact


def test_a_slot_that_stands_twice_in_the_source_is_a_duplicate() -> None:
    logs = with_outputs(live(1, 6, "a"))
    assert verdict_on(replace(logs, events={**SOUND.events, (1, 6): "a"})).duplicated == 1


def test_a_slot_that_holds_a_probability_of_the_revoked_model_is_left_behind() -> None:
    verdict = verdict_on(replace(SOUND, outputs=SOUND.outputs[:-1]))
    assert (verdict.left_behind, verdict.passed) == (1, False)
    assert verdict.examples == ("left behind: d holds a probability of bad",)


def test_the_order_of_the_outputs_does_not_decide_what_is_held() -> None:
    assert verdict_on(replace(SOUND, outputs=SOUND.outputs[::-1])).left_behind == 0


def test_a_withdrawn_probability_is_not_held_and_one_outcome_with_its_dead_letter() -> None:
    withdrawn = replace(replayed(BAD_D), probability=None)
    logs = replace(
        SOUND,
        outputs=[*SOUND.outputs[:-1], withdrawn],
        letters=[*SOUND.letters, Letter((1, 4), "scoring-failed", "r")],
    )
    verdict = verdict_on(logs)
    assert (verdict.withdrawn, verdict.left_behind, verdict.duplicated) == (1, 0, 0)
    assert verdict.passed


def test_the_mean_error_is_told_before_and_after_the_replay() -> None:
    found = verdict_on(SOUND).correction
    assert found is not None
    assert (found.slots, round(found.before, 3), round(found.after, 3)) == (2, 0.4, 0.1)


def test_a_dead_letter_with_another_code_is_not_exact() -> None:
    verdict = verdict_on(replace(SOUND, letters=[Letter((1, 0), "not-json")]))
    assert (verdict.lost, verdict.duplicated, verdict.passed) == (0, 0, False)
    assert "expected bad-time, found not-json" in verdict.examples[0]


def test_a_malformed_event_that_was_scored_is_not_exact() -> None:
    verdict = verdict_on(replace(with_outputs(live(1, 0, "c")), letters=[]))
    assert (verdict.lost, verdict.duplicated, verdict.passed) == (0, 0, False)
