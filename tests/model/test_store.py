"""Where artifacts are kept."""

import hashlib
import threading
from pathlib import Path

import pytest

from model.errors import ArtifactChanged, ArtifactMissing, ModelUnusable, StoreUnreachable
from model.store import ModelStore
from producer_contract.errors import BadUseError

CONTENT = b"some artifact"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ModelStore:
    if request.param == "folder":
        return ModelStore(str(tmp_path / "not" / "there" / "yet"))
    return ModelStore(f"memory://{tmp_path.name}")


def test_what_is_put_can_be_opened(store: ModelStore) -> None:
    uri, digest = store.put(CONTENT)
    assert digest == DIGEST
    assert store.open(uri, digest) == CONTENT
    assert DIGEST in uri


def test_putting_the_same_again_changes_nothing(store: ModelStore) -> None:
    assert store.put(CONTENT) == store.put(CONTENT)


def test_an_address_holds_without_the_store_it_came_from(store: ModelStore, tmp_path: Path) -> None:
    uri, digest = store.put(CONTENT)
    assert ModelStore(str(tmp_path / "elsewhere")).open(uri, digest) == CONTENT


def test_a_store_that_has_moved_still_serves(tmp_path: Path) -> None:
    before = ModelStore(str(tmp_path / "before"))
    uri, digest = before.put(CONTENT)
    (tmp_path / "before").rename(tmp_path / "after")
    assert ModelStore(str(tmp_path / "after")).open(uri, digest) == CONTENT


def test_a_relative_folder_gives_an_absolute_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    uri, _ = ModelStore("var/models").put(CONTENT)
    assert uri == f"file://{tmp_path}/var/models/{DIGEST}.zip"


def test_what_is_missing_is_said_to_be_missing(store: ModelStore) -> None:
    with pytest.raises(ArtifactMissing, match=DIGEST):
        store.open(f"{store.url}/{DIGEST}.zip", DIGEST)


def test_changed_bytes_are_never_handed_over_and_putting_again_mends_them(tmp_path: Path) -> None:
    store = ModelStore(str(tmp_path))
    uri, digest = store.put(CONTENT)
    file = tmp_path / f"{DIGEST}.zip"
    file.chmod(0o600)
    file.write_bytes(b"some artefact")
    with pytest.raises(ArtifactChanged):
        store.open(uri, digest)
    store.put(CONTENT)
    assert store.open(uri, digest) == CONTENT


def test_an_artifact_on_disk_is_read_only(tmp_path: Path) -> None:
    ModelStore(str(tmp_path)).put(CONTENT)
    assert (tmp_path / f"{DIGEST}.zip").stat().st_mode & 0o777 == 0o444


def test_a_failed_put_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreUnreachable, match="No space left"):
        ModelStore(str(tmp_path)).put(CONTENT)
    assert list(tmp_path.iterdir()) == []


def test_readers_see_the_whole_artifact_or_none(tmp_path: Path) -> None:
    big = b"x" * 3_000_000
    digest = hashlib.sha256(big).hexdigest()
    store, done = ModelStore(str(tmp_path)), threading.Event()
    seen: list[str] = []

    def read() -> None:
        while not done.is_set():
            try:
                store.open(f"{tmp_path}/{digest}.zip", digest)
            except ArtifactMissing:
                continue
            except ModelUnusable as error:
                seen.append(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(10):
        store.put(big)
        (tmp_path / f"{digest}.zip").unlink()
    done.set()
    reader.join()
    assert seen == []


@pytest.mark.parametrize("url", ["nowhere://models", "s3://models"])
def test_a_store_of_an_unknown_kind_is_bad_use(url: str) -> None:
    with pytest.raises(BadUseError, match="store") as caught:
        ModelStore(url).put(CONTENT)
    assert "\n" not in str(caught.value)


def test_a_store_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("I am a file")
    with pytest.raises(StoreUnreachable, match="models"):
        ModelStore(str(tmp_path / "models")).put(CONTENT)
