"""What a preview reads, what it does with events that Kafka has let go, and what it says of the
time; no Kafka is asked."""

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
from replay import knowledge, source
from replay import preview as previewing
from replay.counts import Counted
from replay.preview import ASSUMED_RATE, Preview, present_rate, preview
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


class Runs:
    """Both partitions were scored by ``bad``. Counts how often they are read."""

    readings = 0

    def __init__(self, _: KafkaSettings) -> None:
        self.runs = [Run(0, 0, 10, 6, "bad", scored=10), Run(1, 0, 5, 6, "bad", scored=5)]
        self.written_ms = [1_000, 1_000]

    def read_to_end(self) -> list[Run]:
        type(self).readings += 1
        return self.runs

    def close(self) -> None:
        pass


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """A preview of two partitions that Kafka has let go; the (partition, offset) of its sample."""
    found: list[tuple[int, int]] = []

    def score_twice(sample: Any, *_: Any) -> list[Any]:
        found.extend((event.partition, event.offset) for event in sample)
        return []

    monkeypatch.setattr(previewing, "new_admin", lambda _: None)
    monkeypatch.setattr(previewing, "RunsReader", Runs)
    monkeypatch.setattr(Runs, "readings", 0)
    monkeypatch.setattr(previewing, "partitions_of", lambda *_: [0, 1])
    monkeypatch.setattr(previewing, "committed", lambda *_, **__: {})
    monkeypatch.setattr(knowledge, "new_admin", lambda _: None)
    monkeypatch.setattr(previewing, "score_twice", score_twice)
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


def test_the_runs_are_read_once_for_all_that_they_tell(sampled: list[tuple[int, int]]) -> None:
    found = look(Archive())
    assert Runs.readings == 1
    assert (found.estimated_seconds, found.rate_assumed) == (15 / ASSUMED_RATE, True)


def said(monkeypatch: pytest.MonkeyPatch, seconds: float, *, assumed: bool) -> str:
    """What the command says of such a preview."""
    empty = Shift(0, None, None, [], 0)
    gone = (Interval(1, 0, 5),)
    counted = Counted({1: 5}, {"bad": 5})
    found = Preview(counted, (), (None, None), None, seconds, assumed, empty, gone)
    monkeypatch.setattr("creneau.cluster.ready", lambda kafka: kafka)
    monkeypatch.setattr("ledger.reader.read_ledger", lambda _: STATE)
    monkeypatch.setattr("replay.preview.preview", lambda *_, **__: found)
    done = CliRunner().invoke(app, ["replay", "preview", "--with", "good"])
    assert done.exit_code == 0
    return done.stdout


def test_the_command_says_what_a_start_would_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = said(monkeypatch, 1.0, assumed=False)
    assert "not in the archive: partition:[from, to) 1:[0, 5): starting refuses" in shown


@pytest.mark.parametrize(
    ("seconds", "assumed", "line"),
    [
        (0.4, False, "estimated time at the present rate: under a second\n"),
        (1_234.4, False, "estimated time at the present rate: 1,234 s\n"),
        (0.9, True, "estimated time at an assumed rate (no replay has shown one yet): under a"),
    ],
)
def test_the_command_says_how_long_and_how_sure_that_is(
    monkeypatch: pytest.MonkeyPatch, seconds: float, assumed: bool, line: str
) -> None:
    assert line in said(monkeypatch, seconds, assumed=assumed)


def replayed(replay_id: str | None, scored: int) -> Run:
    return Run(0, 0, 10, 6, "good", replay_id=replay_id, scored=scored)


def test_the_rate_is_that_of_the_last_replays_last_minute() -> None:
    timed = [
        (0, replayed("old", 1)),
        (100_000, replayed("new", 7_000)),
        (170_000, replayed("new", 900)),
        (171_000, replayed(None, 5_000)),
        (172_000, replayed("new", 500)),
        (174_000, replayed("new", 300)),
    ]
    # What came after the first commit of that minute, in the four seconds since.
    assert present_rate(timed) == 200


def test_a_replay_of_a_single_chunk_does_not_hide_the_rate_of_the_one_before() -> None:
    timed = [(at * 1_000, replayed(one, 9)) for at, one in enumerate(["old", "old", "new"])]
    assert present_rate(timed) == 9


@pytest.mark.parametrize("ids", [[], [None, None], ["new"], ["old", None, "new"]])
def test_without_two_commits_of_one_replay_there_is_no_rate(ids: list[str | None]) -> None:
    assert present_rate((at * 1_000, replayed(one, 9)) for at, one in enumerate(ids)) is None
