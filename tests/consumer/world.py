"""A small world for the worker's tests: models on a ledger, events on the log, real processes."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from broker.settings import KafkaSettings
from ledger.records import ModelPromoted, ModelRegistered, ModelRevoked, Record
from ledger.writer import append
from model.features import FEATURES_VERSION
from model.store import ModelStore
from producer_contract.codec import encode_slot_created
from producer_contract.events import SlotCreated
from tests import exactly_once
from tests.models import tiny_artifact

T = TypeVar("T")
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def eventually(
    what: str, condition: Callable[[], T | None], *, seconds: float = 60, every: float = 0.1
) -> T:
    """Wait for a condition, never for a time; its first truthy value."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(every)


def slot(number: int) -> tuple[bytes, bytes]:
    """Key and value of a valid event."""
    created = NOW + timedelta(seconds=number)
    event = SlotCreated(
        schema_version=1,
        slot_id=f"slot-{number}",
        instructor_id=f"instructor-{number % 50}",
        partnership_type="EI",
        meeting_point_id=f"point-{number % 90}",
        latitude=48.85 + (number % 100) / 1_000,
        longitude=2.35,
        lesson_start_at=created + timedelta(hours=24 + number % 200),
        created_at=created,
        duration_minutes=60,
    )
    return event.slot_id.encode(), encode_slot_created(event)


class World:
    """One cluster under one prefix, with a model store and a folder for lock files."""

    def __init__(self, kafka: KafkaSettings, folder: Path) -> None:
        self.kafka = kafka
        self.folder = folder
        self.store = ModelStore(str(folder / "models"))
        self.epoch = -1
        self._published = 0
        self._last: dict[int, int] = {}

    def register(self, version: str, seed: int = 0) -> str:
        """Make a small model, keep it, put it on the ledger; its digest."""
        content = tiny_artifact(self.folder, seed).read_bytes()
        uri, digest = self.store.put(content)
        self.decide(
            ModelRegistered(
                at=NOW,
                by="test",
                reason="test",
                version=version,
                digest=digest,
                uri=uri,
                features_version=FEATURES_VERSION,
            )
        )
        return digest

    def promote(self, version: str) -> int:
        """Promote; the epoch."""
        return self.decide(ModelPromoted(at=NOW, by="test", reason="test", version=version))

    def revoke(self, *versions: str, replacement: str | None) -> int:
        """Revoke; the epoch."""
        return self.decide(
            ModelRevoked(
                at=NOW, by="test", reason="test", versions=versions, replacement=replacement
            )
        )

    def decide(self, record: Record) -> int:
        return append(self.kafka, lambda _: [record])[0]

    def start_with(self, version: str = "v1") -> Self:
        """Register and promote a first model."""
        self.register(version)
        self.epoch = self.promote(version)
        return self

    def publish(self, count: int) -> int:
        """So many more valid events, keyed; all published so far."""
        first = self._published
        return self.publish_raw(slot(number) for number in range(first, first + count))

    def publish_raw(
        self,
        messages: Iterable[tuple[bytes | None, bytes | None]],
        *,
        partition: int = -1,
        headers: list[tuple[str, str | bytes | None]] | None = None,
    ) -> int:
        """Publish key and value as they are; all published so far."""
        producer = Producer(
            {
                "bootstrap.servers": self.kafka.bootstrap_servers,
                "linger.ms": 5,
                "enable.idempotence": True,
                "message.max.bytes": 1_048_588,
                "log_level": 2,
            }
        )
        for key, value in messages:
            while True:
                try:
                    producer.produce(
                        self.kafka.names.slot_created,
                        value,
                        key,
                        partition,
                        headers=headers or [],
                        on_delivery=self._delivered,
                    )
                    break
                except BufferError:
                    producer.poll(0.1)
            self._published += 1
        assert producer.flush(30) == 0
        return self._published

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        assert error is None, error
        partition, offset = message.partition() or 0, message.offset() or 0
        self._last[partition] = max(offset, self._last.get(partition, 0))

    def at_the_end(self) -> bool:
        """Whether the group's committed offsets are past every event of ours."""
        committed = exactly_once.committed_offsets(self.kafka)
        return all((committed[part] or 0) > last for part, last in self._last.items())

    def environment(self, **settings: str) -> dict[str, str]:
        """The environment of a ``creneau`` command in this world."""
        return {
            **os.environ,
            "CRENEAU_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "CRENEAU_PREFIX": self.kafka.prefix,
            "CRENEAU_INSTANCE": "test",
            "CRENEAU_VAR": str(self.folder / "var"),
            "CRENEAU_STORE": self.store.url,
            **{f"CRENEAU_{name}": value for name, value in settings.items()},
        }

    def check(self) -> exactly_once.Findings:
        return exactly_once.check(self.kafka)

    def until_done(self, published: int, *, seconds: float = 90) -> exactly_once.Findings:
        """Wait until the group is past every event, then check everything."""
        eventually(f"{published} events done", self.at_the_end, seconds=seconds, every=0.3)
        found = self.check()
        found.assert_all_done(published)
        return found

    def until_answering(self) -> int:
        """Wait until the cluster answers again; how many outputs there are."""

        def count() -> int | None:
            try:
                return len(self.outputs())
            except KafkaException:
                return None

        return eventually("an answer", count)

    def outputs(self) -> list[dict[str, Any]]:
        """Every live output visible to a plain reader, in no order between partitions."""
        topic = self.kafka.names.slot_probability
        return [
            json.loads(message.value() or b"") for message in exactly_once.read(self.kafka, topic)
        ]

    def acknowledged(self) -> dict[int, int | None]:
        """The epoch in each partition's commit metadata."""
        metadata = exactly_once.committed_with_metadata(self.kafka)
        return {
            partition: json.loads(text)["epoch"] if text else None
            for partition, (_, text) in metadata.items()
        }

    def runs(self) -> list[dict[str, Any]]:
        """Every run on the log, in order."""
        return [
            json.loads(message.value() or b"")
            for message in exactly_once.read(self.kafka, self.kafka.names.scoring_runs)
        ]


class WorkerProcess:
    """One process as the pool starts it: a pipe for standard input, reports on standard output."""

    def __init__(
        self,
        world: World,
        *,
        name: str = "worker",
        command: list[str] | None = None,
        settings: Mapping[str, str] | None = None,
        path: str | None = None,
    ) -> None:
        environment = world.environment(**(settings or {}))
        if path is not None:
            environment["PYTHONPATH"] = path
        self._log = world.folder / f"{name}.log"
        with self._log.open("ab") as log, Path(os.devnull).open("wb") as nowhere:
            self.process = subprocess.Popen(
                command or [sys.executable, "-m", "creneau.cli.worker"],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=nowhere,
                stderr=log,
                cwd=world.folder,
            )

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, *, seconds: float = 60) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(seconds)

    def stop(self) -> int:
        """Drain it."""
        self.signal(signal.SIGTERM)
        return self.ended()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


def http(port: int, path: str) -> tuple[int, str]:
    """Status and body of a GET on this machine; (0, reason) where nothing answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)
