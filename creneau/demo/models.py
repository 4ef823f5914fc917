"""The two models of the story: one learns from the market as it is, one with a feature flipped."""

from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from creneau.demo.stage import Stage
from creneau.registry import promote, register
from creneau.sandbox.market_csv import write_market
from model.store import ModelStore
from model.workshop import make_model

GOOD: Final = "demo-1"
BAD: Final = "demo-2"
FLIPPED: Final = "lead_hours"
LESSONS: Final = 25_000


@dataclass(frozen=True, slots=True)
class Trained:
    """The market that they learn from and the artifacts, as soon as they are there."""

    market: "Future[list[Path]]"
    good: "Future[Path]"
    bad: "Future[Path]"


def train(folder: Path, seed: int, aside: Executor) -> Trained:
    """Train both on the market's past: the good one first, the story begins with it."""
    market = folder / "market"

    def written() -> list[Path]:
        return write_market(market, lessons=LESSONS, seed=seed)

    def good() -> Path:
        files.result()  # the one thread that trains has done it before
        return make_model(market, folder / "training" / GOOD).path

    def bad() -> Path:
        return make_model(market, folder / "training" / BAD, flip=FLIPPED).path

    files = aside.submit(written)
    return Trained(files, aside.submit(good), aside.submit(bad))


def put_first_in_force(stage: Stage, trained: Trained) -> None:
    """Register the good model and promote it."""
    store = ModelStore(stage.store_url)
    reason = "the demo's first model"
    register(stage.kafka, store, trained.good.result(), version=GOOD, reason=reason)
    promote(stage.kafka, store, GOOD, reason="the demo begins")


def make_second_known(stage: Stage, trained: Trained) -> None:
    """Register the bad model; nobody knows yet that it is."""
    register(
        stage.kafka,
        ModelStore(stage.store_url),
        trained.bad.result(),
        version=BAD,
        reason="trained anew",
    )
