"""Bytes to outcomes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.artifact import engine_of
from model.features import FEATURE_NAMES
from model.scoring import Refused, Scored, score
from tests.model.events import Message, message
from tests.models import tiny_artifact

DURATION = FEATURE_NAMES.index("duration_minutes")


class Fixed:
    """Answers with a thousandth of the lesson's minutes."""

    def probabilities(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        return matrix[:, DURATION] / 1000


class FailsOn(Fixed):
    """Fails as a whole where a lesson of certain minutes is in the batch."""

    def __init__(self, minutes: Sequence[int]) -> None:
        self.minutes = minutes
        self.calls = 0

    def probabilities(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        self.calls += 1
        if np.isin(matrix[:, DURATION], self.minutes).any():
            raise FloatingPointError("cannot\ndivide")
        return super().probabilities(matrix)


def run(engine: Fixed, messages: Sequence[Message]) -> list[Scored | Refused]:
    return score(engine, [key for key, _ in messages], [value for _, value in messages])


def test_an_event_gets_its_probability() -> None:
    (outcome,) = run(Fixed(), [message("slot-9", duration_minutes=90)])
    assert outcome == Scored("slot-9", 0.09, datetime(2026, 3, 9, 17, 30, tzinfo=UTC))
    assert isinstance(outcome.probability, float)


def test_outcomes_come_in_the_order_of_the_messages() -> None:
    messages = [message(f"slot-{n}", duration_minutes=n) for n in range(1, 30)]
    messages[3] = (b"slot-4", b"{")
    messages[17] = (b"other", messages[17][1])
    outcomes = run(Fixed(), messages)
    said = [each.slot_id if isinstance(each, Scored) else each.code for each in outcomes]
    assert said == [
        {3: "not-json", 17: "key-mismatch"}.get(n - 1, f"slot-{n}") for n in range(1, 30)
    ]


def test_bad_messages_leave_the_rest_of_their_batch_unharmed() -> None:
    good = [message(f"slot-{n}", duration_minutes=n) for n in range(1, 5)]
    bad: list[Message] = [
        (b"x", b""),
        (b"x", b"\xff\xfe"),
        (b"x", b"[" * 60_000),
        (b"x", b'{"schema_version":' + b"9" * 5_000 + b"}"),
        message("x", latitude=91),
        message("x", lesson_start_at="tomorrow"),
    ]
    mixed = [each for pair in zip(good, bad[:4], strict=True) for each in pair] + bad[4:]
    outcomes = run(Fixed(), mixed)
    assert [each for each in outcomes if isinstance(each, Scored)] == run(Fixed(), good)
    assert [each.code for each in outcomes if isinstance(each, Refused)] == [
        "not-json",
        "not-json",
        "not-json",
        "unsupported-version",
        "outside-globe",
        "bad-time",
    ]


def test_a_missing_key_or_value_is_refused() -> None:
    key, value = message()
    outcomes = score(Fixed(), [None, key], [value, None])
    assert [each.code for each in outcomes if isinstance(each, Refused)] == [
        "key-mismatch",
        "not-json",
    ]


def test_an_event_on_which_the_engine_fails_is_refused_alone() -> None:
    engine = FailsOn([7])
    messages = [message(f"slot-{n}", duration_minutes=n) for n in range(1, 257)]
    outcomes = run(engine, messages)
    assert outcomes[6] == Refused("scoring-failed", "FloatingPointError: cannot divide")
    assert [*outcomes[:6], *outcomes[7:]] == run(Fixed(), messages[:6] + messages[7:])
    assert engine.calls < 20, "it is looked for by halves"


def test_an_engine_that_always_fails_refuses_everything() -> None:
    outcomes = run(FailsOn([60]), [message(f"slot-{n}") for n in range(5)])
    assert [each.code for each in outcomes if isinstance(each, Refused)] == ["scoring-failed"] * 5


@pytest.mark.parametrize("answer", [np.nan, -0.1, 1.1, np.inf])
def test_an_answer_that_is_no_probability_is_refused_alone(answer: float) -> None:
    class Wrong(Fixed):
        def probabilities(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.where(matrix[:, DURATION] == 2, answer, 0.5)

    outcomes = run(Wrong(), [message(f"slot-{n}", duration_minutes=n) for n in (1, 2, 3)])
    assert [type(each) for each in outcomes] == [Scored, Refused, Scored]


def test_an_engine_that_answers_too_little_is_not_believed() -> None:
    class Short(Fixed):
        def probabilities(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.full(1, 0.5)

    outcomes = run(Short(), [message("slot-1"), message("slot-2")])
    assert [type(each) for each in outcomes] == [Scored, Scored]  # each one alone


def test_an_empty_batch_has_no_outcomes() -> None:
    assert run(Fixed(), []) == []


@given(st.lists(st.tuples(st.none() | st.binary(max_size=40), st.none() | st.binary()), max_size=8))
def test_no_bytes_make_it_raise(messages: list[tuple[bytes | None, bytes | None]]) -> None:
    outcomes = score(Fixed(), [key for key, _ in messages], [value for _, value in messages])
    assert len(outcomes) == len(messages)


def test_a_real_engine_scores_the_same_alone_and_in_a_batch(tmp_path: Path) -> None:
    engine = engine_of(tiny_artifact(tmp_path).read_bytes(), "v1")
    messages = [
        message(f"slot-{n}", duration_minutes=n + 1, latitude=43 + n / 50) for n in range(300)
    ]
    together = score(engine, [key for key, _ in messages], [value for _, value in messages])
    alone = [score(engine, [key], [value])[0] for key, value in messages[:50]]
    assert together[:50] == alone
    assert len({each.probability for each in together if isinstance(each, Scored)}) > 3
