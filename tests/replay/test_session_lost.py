"""A session that cannot be had again ends a process in one line; no Kafka is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError

import consumer.process
import replay.process
from broker.pool_process import EXIT_TRY_AGAIN
from broker.session import SessionLost
from broker.settings import KafkaSettings
from consumer.settings import WorkerSettings
from replay.settings import ReplaySettings

LOST = SessionLost(KafkaError(KafkaError._TIMED_OUT, "lost"), "committing")


def lose(*_: Any, **__: Any) -> None:
    raise LOST


def test_an_executor_that_lost_its_session_is_to_be_started_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replay.process, "Executor", lose)
    monkeypatch.setattr(replay.process, "when_the_pool_ends", lambda _: None)
    monkeypatch.setattr(replay.process.os, "nice", lambda _: None)
    monkeypatch.setattr(replay.process.signal, "signal", lambda *_: None)
    code = replay.process.run(
        KafkaSettings("nowhere:1"),
        ReplaySettings(),
        host="here",
        var=tmp_path,
        load=lose,
        started=True,
    )
    assert code == EXIT_TRY_AGAIN
    assert capsys.readouterr().err == f"creneau: {LOST}\n"


def test_a_worker_that_lost_its_session_is_to_be_started_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def index(*_: object) -> Iterator[int]:
        yield 0

    monkeypatch.setattr(consumer.process, "first_free_index", index)
    monkeypatch.setattr(consumer.process, "_work", lose)
    monkeypatch.setattr(consumer.process.signal, "signal", lambda *_: None)
    code = consumer.process.run(
        KafkaSettings("nowhere:1"), WorkerSettings(), host="here", var=tmp_path, load=lose
    )
    assert code == EXIT_TRY_AGAIN
    assert capsys.readouterr().err == f"creneau: {LOST}\n"
