"""The pretend slot app on a real Kafka: what it says it published is what stands in the topic."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.errors import TopicMissingError
from broker.log import read_to_end
from broker.settings import KafkaSettings
from broker.stopping import Stopping
from creneau.cli.sandbox_market import _one_in
from creneau.sandbox import slot_app
from creneau.sandbox.malformed import CODES
from creneau.sandbox.market import make_market
from creneau.sandbox.slot_app import NotPublishedError, Orders, RecordNotWritableError, run_slot_app
from creneau.sandbox.slot_stream import Offered, offered
from producer_contract.codec import Refusal, decode_slot_created
from producer_contract.errors import BadUseError

COMMAND = (sys.executable, "-c", "from creneau.cli.main import main; main()", "sandbox", "slot-app")


def verdicts(kafka: KafkaSettings) -> dict[str, str | None]:
    """What the contract says about each event in the topic, by its key."""
    found: dict[str, str | None] = {}
    for message in read_to_end(kafka, kafka.names.slot_created):
        key = message.key()
        assert isinstance(key, bytes)
        assert key.decode() not in found
        try:
            decode_slot_created(message.value(), key)
            found[key.decode()] = None
        except Refusal as refusal:
            found[key.decode()] = refusal.code
    return found


def recorded(path: Path) -> dict[str, str | None]:
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {line["slot_id"]: line["malformed"] for line in lines}


@pytest.mark.kafka
@pytest.mark.timeout(60)
def test_everything_it_records_stands_in_the_topic_with_the_verdict_it_foretells(
    topics: KafkaSettings, tmp_path: Path
) -> None:
    record = tmp_path / "record.ndjson"
    orders = Orders(rate=5_000, count=1_000, malformed_every=50, record=record)
    done = run_slot_app(topics, orders, Stopping())
    assert (done.events, done.malformed) == (1_000, 20)
    assert verdicts(topics) == recorded(record)
    assert {code for code in recorded(record).values() if code} == set(CODES)


@pytest.mark.kafka
@pytest.mark.timeout(60)
@pytest.mark.parametrize("wanted", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_with_everything_delivered(
    topics: KafkaSettings, tmp_path: Path, wanted: signal.Signals
) -> None:
    record = tmp_path / "record.ndjson"
    environment = os.environ | {
        "CRENEAU_BOOTSTRAP_SERVERS": topics.bootstrap_servers,
        "CRENEAU_PREFIX": topics.prefix,
    }
    command = [*COMMAND, "--rate", "2000", "--malformed", "1/100", "--record", str(record)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 30
        while not (record.exists() and record.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.05)
        running.send_signal(wanted)
        said, _ = running.communicate(timeout=30)
    assert running.returncode == 0
    assert said.startswith(f"published {len(recorded(record))} slots")
    assert verdicts(topics) == recorded(record)


@pytest.mark.kafka
def test_without_its_topic_it_says_so(kafka_settings: KafkaSettings) -> None:
    with pytest.raises(TopicMissingError, match=kafka_settings.names.slot_created):
        run_slot_app(kafka_settings, Orders(rate=10, count=1), Stopping())


@pytest.mark.kafka
def test_a_record_that_cannot_be_written_is_named(topics: KafkaSettings, tmp_path: Path) -> None:
    orders = Orders(rate=10, count=1, record=tmp_path / "absent" / "record.ndjson")
    with pytest.raises(RecordNotWritableError, match="give another --record"):
        run_slot_app(topics, orders, Stopping())


def test_the_share_of_malformed_events_is_a_fraction_or_nothing() -> None:
    assert _one_in("1/500") == 500
    assert _one_in("0") == 0
    for wrong in ("500", "1/0", "2/500", "", "0.002"):
        with pytest.raises(BadUseError, match="1/N"):
            _one_in(wrong)


class FullQueue:
    """A producer whose queue is full for some calls."""

    def __init__(self, full: int) -> None:
        self.full, self.taken = full, 0

    def produce(self, *_: object, **__: object) -> None:
        if self.full > 0:
            raise BufferError
        self.taken += 1

    def poll(self, _: float) -> None:
        self.full -= 1


def spoiler(monkeypatch: pytest.MonkeyPatch, producer: FullQueue) -> slot_app._Spoiler:
    monkeypatch.setattr(slot_app, "new_producer", lambda *_, **__: producer)
    return slot_app._Spoiler(KafkaSettings("nowhere:1"), "slot-created")


def a_slot() -> Offered:
    now = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    return next(offered(make_market(1, instructors=50), 1, "a", clock=lambda: now, block=1))


def test_a_full_queue_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    producer = FullQueue(3)
    spoiler(monkeypatch, producer).publish(a_slot(), "not-json")
    assert producer.taken == 1


def test_a_queue_that_does_not_drain_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot_app, "FLUSH_SECONDS", 0.0)
    with pytest.raises(NotPublishedError, match="is the broker up"):
        spoiler(monkeypatch, FullQueue(1_000_000)).publish(a_slot(), "not-json")
