"""Making sessions anew: who is fenced again and again gives the name up. No Kafka is asked."""

from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError

from broker import recycling
from broker.recycling import FENCED_TOO_OFTEN, IdentityTakenError, Recycling
from broker.session import SessionFenced, SessionLost

FENCED = SessionFenced(KafkaError(KafkaError.PRODUCER_FENCED, "fenced"), "committing")
LOST = SessionLost(KafkaError(KafkaError._TIMED_OUT, "lost"), "committing")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it waited, each time."""
    waited: list[float] = []
    monkeypatch.setattr(recycling, "time", SimpleNamespace(sleep=waited.append))
    return waited


def test_fenced_while_making_a_new_session_too_it_gives_up_after_a_few(waits: list[float]) -> None:
    made = []

    def fenced() -> Any:
        made.append(1)
        raise FENCED

    with pytest.raises(IdentityTakenError, match="some-id"):
        Recycling(fenced).after(FENCED, "some-id")
    assert len(made) == FENCED_TOO_OFTEN - 1
    assert waits == [0.5, 1.0, 2.0, 4.0]


def test_a_session_lost_otherwise_is_made_anew_at_once_however_often(waits: list[float]) -> None:
    recycled = Recycling(lambda: "session")  # type: ignore[arg-type,return-value]
    for _ in range(2 * FENCED_TOO_OFTEN):
        assert recycled.after(LOST, "some-id") == "session"  # type: ignore[comparison-overlap]
    assert set(waits) == {0.0}


def test_a_commit_proves_that_the_name_is_ours(waits: list[float]) -> None:
    recycled = Recycling(lambda: "session")  # type: ignore[arg-type,return-value]
    for _ in range(2 * FENCED_TOO_OFTEN):
        recycled.after(FENCED, "some-id")
        recycled.proved()
    assert set(waits) == {0.5}
