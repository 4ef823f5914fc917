"""The governor's thread, and what it makes of Kafka not answering."""

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from broker.settings import KafkaSettings
from producer_contract.errors import UnavailableError
from replay import live
from replay.governor import Limits, LiveReading
from tests.consumer.world import eventually

FAR_BEHIND = LiveReading({0: 5_000}, {0: 1.0})


class Answers:
    """Stands in for the live group: its first answers are errors."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.closed = False

    def read(self) -> LiveReading:
        if self.errors:
            raise self.errors.pop(0)
        return FAR_BEHIND

    def close(self) -> None:
        self.closed = True


def governed(monkeypatch: pytest.MonkeyPatch, make: Callable[[Any], Answers]) -> live.Governor:
    monkeypatch.setattr(live, "LiveGroup", make)
    monkeypatch.setattr(live.Governor, "EVERY", 0.01)
    return live.Governor(
        KafkaSettings("nowhere:9092"), Limits(lag=1_000, age_seconds=2.0), lambda: True
    )


@pytest.mark.parametrize(
    "error", [KafkaException(KafkaError(KafkaError._TRANSPORT)), UnavailableError("no answer")]
)
def test_the_governor_outlives_what_kafka_answers(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    answers = Answers(error)
    governor = governed(monkeypatch, lambda _: answers)
    eventually("a reading after the error", lambda: "5000 offsets" in governor.verdict.why)
    governor.close()
    assert answers.closed


def test_while_nothing_can_be_read_replay_gives_way_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(_: object) -> Answers:
        raise UnavailableError("no broker answers")

    governor = governed(monkeypatch, refused)
    eventually("gives way", lambda: governor.verdict.gives_way)
    assert "cannot be read: no broker answers" in governor.verdict.why
    governor.close()
