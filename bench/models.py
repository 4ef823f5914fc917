"""A real model for benchmarks: trained once a run, in force wherever one is needed."""

from functools import cache
from pathlib import Path

from broker.settings import KafkaSettings
from creneau.registry import promote, register
from creneau.sandbox.market_csv import write_market
from model.store import ModelStore
from model.workshop import make_model

LESSONS = 50_000
VERSION = "bench"


def promote_model(kafka: KafkaSettings, folder: Path) -> None:
    """Put the model in force on the ledger of ``kafka``; the store is ``folder``'s (its
    ``CRENEAU_VAR``)."""
    store = ModelStore(str(folder / "models"))
    register(kafka, store, _artifact(folder), version=VERSION, reason="a benchmark")
    promote(kafka, store, VERSION, reason="a benchmark")


@cache
def _artifact(folder: Path) -> Path:
    write_market(folder / "market", lessons=LESSONS, seed=1)
    return make_model(folder / "market", folder / "training").path
