"""Which model scores, while decisions come in and models load in their own time."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from consumer.model_in_force import ModelInForce, Stamp
from ledger.fold import EMPTY, LedgerState, Model, fold
from ledger.records import ModelPromoted, ModelRegistered, ModelRevoked, Record
from model.engine import Engine
from model.errors import ArtifactMissing
from model.loading import LoadTooSlowError
from tests.consumer.world import eventually

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def registered(version: str) -> ModelRegistered:
    return ModelRegistered(
        at=NOW,
        by="t",
        reason="t",
        version=version,
        digest="0" * 64,
        uri="x",
        features_version=1,
    )


def promoted(version: str) -> ModelPromoted:
    return ModelPromoted(at=NOW, by="t", reason="t", version=version)


def revoked(version: str, replacement: str | None) -> ModelRevoked:
    return ModelRevoked(at=NOW, by="t", reason="t", versions=(version,), replacement=replacement)


def ledger(*records: Record) -> LedgerState:
    state = EMPTY
    for offset, record in enumerate(records):
        state = fold(state, offset, record)
    return state


class Store:
    """Loads models when it is told to, never before."""

    def __init__(self) -> None:
        self.may_load = threading.Event()
        self.ready: dict[str, threading.Event] = {}
        self.missing: set[str] = set()
        self.loads = 0

    def load(self, model: Model) -> Engine:
        self.loads += 1
        assert self.ready.get(model.version, self.may_load).wait(10)
        if model.version in self.missing:
            raise ArtifactMissing(f"model '{model.version}' is not in the store")
        return Engine(None, version=model.version, digest=model.digest, features_version=1)  # type: ignore[arg-type]


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def models(store: Store) -> Iterator[ModelInForce]:
    models = ModelInForce(store.load, revoked_grace=3_600, retry=3_600)
    yield models
    store.may_load.set()


BASE = (registered("v1"), registered("v2"), promoted("v1"))


def settled(models: ModelInForce, state: LedgerState, ready: Callable[[Stamp], bool]) -> Stamp:
    def stamp() -> Stamp | None:
        now = models.follow(state)
        return now if ready(now) else None

    return eventually("a stamp", stamp, seconds=5, every=0.005)


def running(store: Store, models: ModelInForce, *records: Record) -> Stamp:
    store.may_load.set()
    stamp = settled(models, ledger(*records), lambda now: now.engine is not None)
    store.may_load.clear()
    return stamp


def test_nothing_decided_yet_means_no_epoch(models: ModelInForce) -> None:
    stamp = models.follow(EMPTY)
    assert stamp.epoch is None
    assert stamp.problem == "no model is in force: creneau model promote"


def test_the_old_model_goes_on_under_its_epoch_until_the_next_one_is_there(
    store: Store, models: ModelInForce
) -> None:
    before = running(store, models, *BASE)
    assert (before.version, before.epoch) == ("v1", 2)
    state = ledger(*BASE, promoted("v2"))
    assert models.follow(state) == before
    store.may_load.set()
    after = settled(models, state, lambda now: now.epoch == 3)
    assert after.version == "v2"
    assert after.engine is not None


def test_a_model_that_scores_slowly_is_said_to(store: Store, models: ModelInForce) -> None:
    with capture_logs() as said:
        running(store, models, *BASE)
    slow = [line for line in said if "scikit-learn's own pace" in line["event"]]
    assert [(line["log_level"], line["version"]) for line in slow] == [("warning", "v1")]


def test_a_revocation_of_another_model_is_a_new_epoch_at_once(
    store: Store, models: ModelInForce
) -> None:
    before = running(store, models, *BASE)
    after = models.follow(ledger(*BASE, revoked("v2", None)))
    assert after == Stamp(3, "v1", before.engine, None)
    assert store.loads == 1


def test_a_revoked_model_goes_on_for_the_grace_alone(store: Store) -> None:
    models = ModelInForce(store.load, revoked_grace=0.0, retry=3_600)
    running(store, models, *BASE)
    state = ledger(*BASE, revoked("v1", "v2"))
    stopped = models.follow(state)
    # It acknowledges, so that the fence passes, and scores no more.
    assert (stopped.epoch, stopped.engine) == (3, None)
    assert "model 'v1' is revoked" in (stopped.problem or "")
    store.may_load.set()
    assert settled(models, state, lambda now: now.engine is not None).version == "v2"


def test_a_revocation_without_replacement_stops_at_once(store: Store, models: ModelInForce) -> None:
    running(store, models, *BASE)
    stopped = models.follow(ledger(*BASE, revoked("v1", None)))
    assert (stopped.epoch, stopped.version, stopped.engine) == (3, None, None)


def test_a_model_that_cannot_be_loaded_is_not_replaced_by_the_old_one(
    store: Store, models: ModelInForce
) -> None:
    running(store, models, *BASE)
    store.missing.add("v2")
    store.may_load.set()
    stamp = settled(models, ledger(*BASE, promoted("v2")), lambda now: now.epoch == 3)
    assert stamp.engine is None
    assert stamp.problem == "model 'v2' is not in the store"


def test_it_is_tried_again(store: Store) -> None:
    models = ModelInForce(store.load, revoked_grace=0.0, retry=0.0)
    store.missing.add("v1")
    store.may_load.set()
    state = ledger(*BASE)
    settled(models, state, lambda now: "not in the store" in (now.problem or ""))
    store.missing.clear()
    assert settled(models, state, lambda now: now.engine is not None).version == "v1"


def test_a_load_that_hangs_does_not_hold_up_the_next_model(
    store: Store, models: ModelInForce
) -> None:
    running(store, models, *BASE)
    store.may_load.set()
    store.ready["v2"] = hung = threading.Event()
    models.follow(ledger(*BASE, promoted("v2")))
    state = ledger(*BASE, promoted("v2"), registered("v3"), promoted("v3"))
    assert settled(models, state, lambda now: now.version == "v3").engine is not None
    hung.set()


def test_a_load_that_hangs_ends_the_worker_after_a_while(store: Store) -> None:
    models = ModelInForce(store.load, revoked_grace=3_600, retry=0.0, load_seconds=0.0)
    with pytest.raises(LoadTooSlowError, match="model 'v1' has not loaded within 0 s"):
        models.follow(ledger(*BASE))
    store.may_load.set()


def test_one_that_hangs_ends_nothing_once_another_is_in_force(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = ModelInForce(store.load, revoked_grace=3_600, retry=3_600)
    running(store, models, *BASE)
    store.may_load.set()
    store.ready["v2"] = hung = threading.Event()
    models.follow(ledger(*BASE, promoted("v2")))
    monkeypatch.setattr(models, "_load_seconds", 0.0)
    after = models.follow(ledger(*BASE, promoted("v2"), promoted("v1")))
    assert (after.version, after.epoch) == ("v1", 4)
    hung.set()
