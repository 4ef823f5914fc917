"""Replays as commands need them: settings, store and executors put together."""

import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from broker.pool import Pool, Reported
from broker.settings import KafkaSettings
from creneau.executor_log import log_path
from creneau.operators import operator_name
from creneau.settings import Settings
from creneau.warehouse import source_archive
from ledger.fold import Model, Replay
from ledger.reader import read_ledger
from ledger.runs import read_runs
from model.artifact import load
from model.engine import Engine
from model.loading import LOAD_SECONDS, within
from model.store import ModelStore
from producer_contract.errors import BadUseError, UnavailableError
from replay.canonical import Certificate, canonical, digest
from replay.certificate import make_certificate
from replay.control import find_replay
from replay.draining import drain
from replay.errors import ReplayNotInThatStateError
from replay.request import Order, Requested, request_replay
from replay.settings import ReplaySettings, replay_settings
from replay.source import Archive


class CannotWriteError(BadUseError):
    """A file that was asked for cannot be written."""


class CertificateChangedError(UnavailableError):
    """Ledger and runs no longer make the certificate that the ledger names."""


@dataclass(frozen=True)
class Replays:
    """What every replay command shares."""

    settings: Settings

    @cached_property
    def kafka(self) -> KafkaSettings:
        return self.settings.kafka_settings()

    @cached_property
    def replay(self) -> ReplaySettings:
        return replay_settings(self.settings.replay)

    @cached_property
    def store(self) -> ModelStore:
        return ModelStore(self.settings.store_url)

    @cached_property
    def archive(self) -> Archive | None:
        """Where source events past Kafka's retention are had; None: no warehouse is set.

        Nothing is asked of BigQuery before an event is needed.
        """
        return source_archive(self.settings)

    @property
    def host(self) -> str:
        return self.settings.instance or socket.gethostname()

    def load(self, model: Model) -> Engine:
        """The proved engine of a registered model.

        Raises:
            ModelUnusable, LoadTooSlowError: it is refused, or the store does not give it.
        """
        return within(
            LOAD_SECONDS,
            lambda: load(self.store, model.uri, model.digest, model.version),
            model.version,
        )

    def request(self, order: Order, reason: str, say: Callable[[str], None]) -> Requested:
        """Put a replay on the ledger: fence, drain, plan, write."""
        instance = f"{self.host}-start-{os.getpid()}"
        return request_replay(
            self.kafka,
            order,
            by=operator_name(),
            reason=reason,
            chunk_offsets=self.replay.chunk_offsets,
            load=self.load,
            drain=lambda: drain(
                self.kafka, self.replay, instance=instance, load=self.load, say=say
            ),
            archive=self.archive,
            say=say,
        )

    def pool(self, executors: int, *, started: bool) -> Pool[Reported]:
        """Executor processes of this machine, not yet started.

        ``started``: by a starting command, in whose log they write.
        """
        command = [sys.executable, "-m", "creneau.executor_process"]
        command += ["--started", str(log_path(self.settings.var))] if started else []
        return Pool(command, executors, kind="executor")

    def certificate(self, replay_id: str | None) -> Certificate:
        """The certificate of a completed replay, made again from ledger and runs.

        Raises:
            ReplayNotInThatStateError: it is not completed.
            NotCertifiableError, CertificateChangedError: the runs are not what was certified.
        """
        state = read_ledger(self.kafka)
        replay = find_replay(state, replay_id)
        if replay.completed is None:
            raise ReplayNotInThatStateError(
                f"replay {replay.replay_id} is {replay.state}: only a completed one has a "
                "certificate; creneau replay status"
            )
        made = make_certificate(state, read_runs(self.kafka), replay, replay.completed.at)
        _check_digest(made, replay)
        return made

    def certificate_path(self, replay_id: str) -> Path:
        """Where certificates are written unless told otherwise."""
        return self.settings.var / "certificates" / f"{replay_id}.json"


def write_certificate(certificate: Certificate, path: Path) -> None:
    """Write the canonical form, whose SHA-256 the ledger carries.

    Raises:
        CannotWriteError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(canonical(certificate))
    except OSError as error:
        raise CannotWriteError(
            f"the certificate cannot be written to {path}: {error.strerror}; give another --out"
        ) from error


def _check_digest(made: Certificate, replay: Replay) -> None:
    assert replay.completed is not None
    if digest(made) != replay.completed.certificate:
        raise CertificateChangedError(
            f"the certificate of replay {replay.replay_id}, made again, is not the one that the "
            "ledger names: is this the version of creneau that wrote it? Keep both and ask"
        )
