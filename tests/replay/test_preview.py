"""What a preview does with events that Kafka has let go; no Kafka is asked."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from broker.records import SourceRecord
from broker.settings import KafkaSettings
from creneau.cli.main import app
from ledger.records import Interval, Selection
from ledger.runs import Run
from model.scoring import Scorer
from replay import preview as previewing
from replay import source
from replay.counts import Counted
from replay.knowledge import Knowledge
from replay.preview import Preview, preview
from replay.shift import Shift
from tests.ledger.build import ledger, promoted, registered, revoked

STATE = ledger(registered("bad"), registered("good"), promoted("bad"), revoked("bad", to="good"))
KAFKA = KafkaSettings("nowhere:1")


class Archive:
    """Has all that Kafka has let go of partition 0, and nothing of partition 1."""

    def missing(self, interval: Interval) -> list[Interval]:
        return [interval] if interval.partition == 1 else []

    def read(self, interval: Interval) -> Iterator[SourceRecord]:
        partition, start, end = interval
        for offset in range(start, end):
            yield SourceRecord(partition, offset, 1_000 + offset, b"key", b"value", ())


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """A preview of two partitions that Kafka has let go; the (partition, offset) of its sample."""
    found: list[tuple[int, int]] = []

    def score_twice(sample: Any, *_: Any) -> list[Any]:
        found.extend((event.partition, event.offset) for event in sample)
        return []

    runs = [Run(0, 0, 10, 6, "bad", scored=10), Run(1, 0, 5, 6, "bad", scored=5)]
    monkeypatch.setattr(previewing, "new_admin", lambda _: None)
    monkeypatch.setattr(previewing, "partitions_of", lambda *_: [0, 1])
    monkeypatch.setattr(previewing, "committed", lambda *_, **__: {})
    monkeypatch.setattr(previewing, "read_knowledge", lambda *_: Knowledge(runs, {}))
    monkeypatch.setattr(previewing, "score_twice", score_twice)
    monkeypatch.setattr(previewing, "_present_rate", lambda _: 1_000.0)
    monkeypatch.setattr(source, "new_admin", lambda _: None)
    monkeypatch.setattr(
        source, "new_range_reader", lambda *_, **__: SimpleNamespace(close=lambda: None)
    )
    monkeypatch.setattr(source, "log_starts", lambda *_: {0: 10, 1: 5})
    return found


def look(archive: Archive | None) -> Preview:
    def load(_: Any) -> Scorer:
        raise AssertionError("nothing is scored here")

    return preview(
        KAFKA,
        STATE,
        load,  # type: ignore[arg-type]
        from_models=["bad"],
        with_model="good",
        selection=Selection(),
        archive=archive,
    )


def test_what_only_the_archive_has_is_sampled_from_it(sampled: list[tuple[int, int]]) -> None:
    found = look(Archive())
    assert sampled == [(0, offset) for offset in range(10)]
    assert found.published == (1_000, 1_009)
    assert found.as_json()["gone"] == [[1, 0, 5]]


def test_without_an_archive_all_that_is_gone_is_named(sampled: list[tuple[int, int]]) -> None:
    found = look(None)
    assert sampled == []
    assert found.published == (None, None)
    assert found.as_json()["gone"] == [[0, 0, 10], [1, 0, 5]]
    assert found.affected.events == 15


def test_the_command_says_what_a_start_would_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = Shift(0, None, None, [], 0)
    gone = (Interval(1, 0, 5),)
    found = Preview(Counted({1: 5}, {"bad": 5}), (), (None, None), None, 1.0, empty, gone)
    monkeypatch.setattr("creneau.cluster.ready", lambda kafka: kafka)
    monkeypatch.setattr("ledger.reader.read_ledger", lambda _: STATE)
    monkeypatch.setattr("replay.preview.preview", lambda *_, **__: found)
    said = CliRunner().invoke(app, ["replay", "preview", "--with", "good"])
    assert said.exit_code == 0
    assert "not in the archive: partition:[from, to) 1:[0, 5): starting refuses" in said.stdout
