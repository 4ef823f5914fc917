"""Runs made out of outputs and dead letters."""

from replay.observed import Kind, Outcome, Window


def window(records: list[int], outcomes: list[Outcome], end: int = 20) -> Window:
    made = Window(0, 0, end)
    made.mark_records(records)
    for outcome in outcomes:
        made.see(outcome)
    return made


def shown(made: Window) -> list[tuple[int, int, int, str | None, int, int]]:
    return [
        (r.from_offset, r.to_offset, r.epoch, r.model_version, r.scored, r.dead)
        for r in made.runs()
    ]


def test_neighbours_of_one_epoch_and_model_are_one_run_across_transaction_markers() -> None:
    made = window([0, 2, 4], [Outcome(0, 1, "a"), Outcome(2, 1, "a", Kind.DEAD_LETTER)])
    assert shown(made) == [(0, 3, 1, "a", 1, 1)]
    assert made.without_outcome().tolist() == [4]


def test_the_higher_epoch_wins_in_whatever_order_it_is_seen() -> None:
    made = window([0], [Outcome(0, 7, "b"), Outcome(0, 1, "a")])
    assert shown(made) == [(0, 1, 7, "b", 1, 0)]


def test_a_record_without_outcome_parts_two_runs() -> None:
    made = window([0, 2, 4], [Outcome(0, 1, "a"), Outcome(4, 1, "a")])
    assert shown(made) == [(0, 1, 1, "a", 1, 0), (4, 5, 1, "a", 1, 0)]


def test_what_retention_took_parts_two_runs_but_is_no_event_without_outcome() -> None:
    made = window([], [Outcome(0, 1, "a"), Outcome(4, 1, "a")])
    made.mark_unknown(0, 10)
    assert len(shown(made)) == 2
    assert made.without_outcome().tolist() == []


def test_outcomes_outside_the_window_are_ignored() -> None:
    assert shown(window([], [Outcome(20, 1, "a"), Outcome(-1, 1, "a")])) == []


def test_readers_hold_the_newest_output_whatever_dead_letter_lies_above() -> None:
    made = window([0, 2], [Outcome(0, 1, "a"), Outcome(0, 7, "b", Kind.DEAD_LETTER)])
    assert shown(made) == [(0, 1, 7, "b", 0, 1)]
    assert [(r.from_offset, r.to_offset, r.model_version) for r in made.held()] == [(0, 1, "a")]


def test_what_is_withdrawn_is_held_of_no_model() -> None:
    made = window([0], [Outcome(0, 1, "a"), Outcome(0, 7, "b", Kind.WITHDRAWAL)])
    assert [run.model_version for run in made.held()] == [None]
