"""How a worker process ends tells its pool whether another one may go on; no Kafka is asked."""

import signal
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError

from broker.consuming import ConsumerLostError
from broker.pool_process import EXIT_TRY_AGAIN
from broker.recycling import IdentityTakenError
from broker.session import SessionLost
from consumer import process
from consumer.errors import DeadLetterLimitReachedError
from model.loading import LoadTooSlowError
from producer_contract.errors import BadUseError

LOST = SessionLost(KafkaError(KafkaError._TIMED_OUT, "lost"), "committing")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadUseError("bad"), 2),
        (DeadLetterLimitReachedError("refused"), 3),
        # Another worker has our name: a new process would take it from that one again.
        (IdentityTakenError("taken"), 3),
        (LoadTooSlowError("slow"), EXIT_TRY_AGAIN),
        (ConsumerLostError("lost"), EXIT_TRY_AGAIN),
        (LOST, EXIT_TRY_AGAIN),
    ],
)
def test_what_a_new_process_would_meet_again_ends_the_pool(
    error: Exception,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work(*_: object) -> None:
        raise error

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(process, "_work", work)
    nothing: Any = None
    assert process.run(nothing, nothing, host="h", var=tmp_path, load=nothing) == code
    assert capsys.readouterr().err == f"creneau: {error}\n"
