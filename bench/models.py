"""Real models for benchmarks: trained once a run, put on the ledger wherever they are needed."""

from functools import cache
from pathlib import Path

from broker.settings import KafkaSettings
from creneau import registry
from creneau.sandbox.market_csv import write_market
from model.store import ModelStore
from model.workshop import make_model

LESSONS = 50_000
VERSION = "bench"
FLIPPED = "lead_hours"
"""What a corrupted model was fed the wrong way round."""


def promote_model(kafka: KafkaSettings, folder: Path, version: str = VERSION) -> None:
    """Put a sound model in force on the ledger of ``kafka``; the store is ``folder``'s (its
    ``CRENEAU_VAR``)."""
    register(kafka, folder, version)
    promote(kafka, folder, version)


def register(kafka: KafkaSettings, folder: Path, version: str, *, corrupted: bool = False) -> None:
    """Make a model known on the ledger: the sound one, or the corrupted one."""
    artifact = _artifact(folder, FLIPPED if corrupted else None)
    registry.register(kafka, _store(folder), artifact, version=version, reason="a benchmark")


def promote(kafka: KafkaSettings, folder: Path, version: str) -> int:
    """Put a registered model in force that is not; its epoch."""
    done = registry.promote(kafka, _store(folder), version, reason="a benchmark")
    assert done.offset is not None, f"{version} was in force already"
    return done.offset


def _store(folder: Path) -> ModelStore:
    return ModelStore(str(folder / "models"))


@cache
def _artifact(folder: Path, flip: str | None) -> Path:
    market = folder / "market"
    if not market.exists():
        write_market(market, lessons=LESSONS, seed=1)
    return make_model(market, folder / f"training-{flip or 'sound'}", flip=flip).path
