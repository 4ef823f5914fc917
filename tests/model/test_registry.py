"""Registering and promoting on a real ledger."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier

from broker.settings import KafkaSettings
from creneau.registry import (
    ModelRevokedError,
    UnreadableModelFile,
    VersionTaken,
    load_version,
    promote,
    register,
)
from ledger.fold import UnknownVersionError
from ledger.reader import read_ledger, read_records
from ledger.records import ModelPromoted, ModelRegistered, ModelRevoked
from ledger.writer import append
from model.artifact import pack_bytes
from model.errors import ArtifactChanged, ModelUnusable, SelfTestFailed
from model.golden import golden_rows
from model.store import ModelStore
from producer_contract.errors import BadUseError
from tests.model.test_tables_proof import tampered, with_tables
from tests.models import tiny_artifact, tiny_market

pytestmark = pytest.mark.kafka


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(str(tmp_path / "store"))


def revoke(kafka: KafkaSettings, version: str) -> None:
    record = ModelRevoked(
        at=datetime.now(UTC), by="test", reason="corrupted", versions=(version,), replacement=None
    )
    append(kafka, lambda _: [record])


def test_a_model_is_registered_then_promoted(
    topics: KafkaSettings, store: ModelStore, tmp_path: Path
) -> None:
    path = tiny_artifact(tmp_path)
    registered = register(topics, store, path, version="v1", reason="the first")
    assert read_ledger(topics).in_force is None
    promoted = promote(topics, store, "v1", reason="it is better")
    state = read_ledger(topics)
    assert (state.in_force, state.epoch) == ("v1", promoted.offset)
    first, second = (record for _, record in read_records(topics))
    assert isinstance(first, ModelRegistered)
    assert isinstance(second, ModelPromoted)
    assert (first.reason, second.reason) == ("the first", "it is better")
    assert "@" in first.by
    assert (first.digest, first.features_version) == (registered.digest, 1)
    engine = load_version(state, store, "v1")
    assert engine.probabilities(golden_rows()).shape == (len(golden_rows()),)


def test_a_version_is_named_by_its_day_and_digest_unless_told(
    topics: KafkaSettings, store: ModelStore, tmp_path: Path
) -> None:
    done = register(topics, store, tiny_artifact(tmp_path), version=None, reason="")
    day, digest = done.version.rsplit("-", 1)
    assert datetime.strptime(day, "%Y-%m-%d")
    assert done.digest.startswith(digest)
    assert len(digest) == 8


def test_doing_it_again_changes_nothing(
    topics: KafkaSettings, store: ModelStore, tmp_path: Path
) -> None:
    path = tiny_artifact(tmp_path)
    for expected in (True, False):
        assert register(topics, store, path, version="v1", reason="").written is expected
    for expected in (True, False):
        assert promote(topics, store, "v1", reason="").written is expected
    assert len(list(read_records(topics))) == 2


def test_a_version_name_belongs_to_one_artifact(
    topics: KafkaSettings, store: ModelStore, tmp_path: Path
) -> None:
    register(topics, store, tiny_artifact(tmp_path), version="v1", reason="")
    with pytest.raises(VersionTaken, match="give another --version"):
        register(topics, store, tiny_artifact(tmp_path, seed=1), version="v1", reason="")
    assert len(list((tmp_path / "store").iterdir())) == 1, "the refused one is not kept"


def test_a_revoked_model_is_never_promoted_but_may_come_under_a_new_name(
    topics: KafkaSettings, store: ModelStore, tmp_path: Path
) -> None:
    path = tiny_artifact(tmp_path)
    register(topics, store, path, version="v1", reason="")
    promote(topics, store, "v1", reason="")
    revoke(topics, "v1")
    with pytest.raises(ModelRevokedError, match="under a new --version"):
        promote(topics, store, "v1", reason="")
    assert read_ledger(topics).in_force is None
    register(topics, store, path, version="v1-again", reason="the revocation was a mistake")
    assert promote(topics, store, "v1-again", reason="").written


def test_an_unknown_version_is_not_promoted(topics: KafkaSettings, store: ModelStore) -> None:
    with pytest.raises(UnknownVersionError, match="creneau model list"):
        promote(topics, store, "v9", reason="")


def test_a_changed_artifact_is_refused_before_it_reaches_the_ledger(
    topics: KafkaSettings, store: ModelStore, tmp_path: Path
) -> None:
    register(topics, store, tiny_artifact(tmp_path), version="v1", reason="")
    (kept,) = (tmp_path / "store").iterdir()
    kept.chmod(0o600)
    kept.write_bytes(kept.read_bytes() + b"x")
    with pytest.raises(ArtifactChanged):
        promote(topics, store, "v1", reason="")
    assert read_ledger(topics).in_force is None


def test_a_bare_skops_file_can_be_registered(
    topics: KafkaSettings, store: ModelStore, tmp_path: Path
) -> None:
    matrix, booked = tiny_market(lessons=300)
    skops.io.dump(
        HistGradientBoostingClassifier(max_iter=3).fit(matrix, booked), tmp_path / "m.skops"
    )
    register(topics, store, tmp_path / "m.skops", version="notebook", reason="")
    assert promote(topics, store, "notebook", reason="").written


def test_what_cannot_be_registered_says_why(
    topics: KafkaSettings, store: ModelStore, tmp_path: Path
) -> None:
    (tmp_path / "junk.zip").write_bytes(b"junk")
    with pytest.raises(ModelUnusable, match=r"junk\.zip is not an artifact"):
        register(topics, store, tmp_path / "junk.zip", version=None, reason="")
    with pytest.raises(UnreadableModelFile, match=r"gone\.zip"):
        register(topics, store, tmp_path / "gone.zip", version=None, reason="")
    with pytest.raises(BadUseError, match="64 characters"):
        register(topics, store, tiny_artifact(tmp_path), version="v" * 65, reason="")
    assert list(read_records(topics)) == []


def test_tables_that_are_another_models_are_not_registered(
    topics: KafkaSettings, store: ModelStore, tmp_path: Path
) -> None:
    matrix, booked = tiny_market()
    classifier = HistGradientBoostingClassifier(max_iter=8, random_state=0).fit(matrix, booked)
    path = tmp_path / "mine.zip"
    path.write_bytes(with_tables(pack_bytes(classifier, {}), tampered(classifier)))
    with pytest.raises(SelfTestFailed, match="its tables"):
        register(topics, store, path, version="v1", reason="")
    assert not read_ledger(topics).models
