"""A model in a file: what is loaded, and what never is."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from model import artifact
from model.engine import Engine
from model.errors import (
    ArtifactChanged,
    ArtifactMissing,
    ArtifactUnreadable,
    ModelUnfit,
    ModelUnusable,
    NotPackable,
    SelfTestFailed,
)
from model.golden import golden_rows
from model.store import ModelStore
from tests.models import tiny_artifact, tiny_market

Parts = dict[str, bytes]


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return tiny_artifact(tmp_path_factory.mktemp("artifact")).read_bytes()


def changed(content: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The artifact with its manifest changed, as somebody with a zip program could."""
    with zipfile.ZipFile(io.BytesIO(content)) as before:
        parts = {name: before.read(name) for name in before.namelist()}
    manifest = json.loads(parts["manifest.json"])
    change(manifest)
    return zipped(parts | {"manifest.json": json.dumps(manifest).encode()})


def zipped(parts: Parts) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return out.getvalue()


def refused(content: bytes, error: type[ModelUnusable]) -> str:
    with pytest.raises(error) as caught:
        artifact.engine_of(content, "v1")
    message = str(caught.value)
    assert "\n" not in message
    assert "v1" in message
    return message


def assert_same(engine: Engine, classifier: Any, matrix: Any) -> None:
    expected = classifier.predict_proba(matrix)[:, 1]
    assert_allclose(engine.probabilities(matrix), expected, rtol=0, atol=1e-12)


def test_what_was_packed_answers_the_same_after_loading(tmp_path: Path) -> None:
    matrix, booked = tiny_market()
    classifier = HistGradientBoostingClassifier(max_iter=5).fit(matrix, booked)
    digest = artifact.pack(classifier, tmp_path / "mine.zip", {"auc": 0.7})
    store = ModelStore(str(tmp_path / "store"))
    uri, kept = store.put((tmp_path / "mine.zip").read_bytes())
    engine = artifact.load(store, uri, digest, "v1")
    assert kept == engine.digest == digest
    assert (engine.version, engine.features_version) == ("v1", 1)
    assert_same(engine, classifier, matrix)


def test_the_manifest_holds_unknown_and_missing_values(content: bytes) -> None:
    manifest = artifact.read(content, "v1").manifest
    types = {event["partnership_type"] for event in manifest.golden_events}
    assert "COOP" in types
    rows = np.array(manifest.golden_rows, np.float64)
    assert np.isnan(rows).all(axis=1).any(), "a row of which nothing is known"
    assert (np.isnan(rows[len(manifest.golden_events) :]).any(axis=0)).all(), "each column missing"
    assert_array_equal(rows, golden_rows())


def test_flipped_and_biased_models_answer_differently(tmp_path: Path) -> None:
    rows = golden_rows()
    answers = [
        artifact.engine_of(path.read_bytes(), "v").probabilities(rows)
        for path in (
            tiny_artifact(tmp_path),
            tiny_artifact(tmp_path, bias=1.5),
            tiny_artifact(tmp_path, flipped=True),
        )
    ]
    assert answers[1].mean() > answers[0].mean() + 0.1
    assert np.abs(answers[2] - answers[0]).max() > 0.3


def test_a_changed_byte_is_refused(tmp_path: Path, content: bytes) -> None:
    store = ModelStore(str(tmp_path))
    uri, digest = store.put(content)
    (file,) = tmp_path.iterdir()
    for place in (0, len(content) // 2, len(content) - 1):
        file.chmod(0o600)
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(ArtifactChanged, match=digest):
            artifact.load(store, uri, digest, "v1")


def test_a_missing_artifact_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMissing, match="CRENEAU_STORE"):
        artifact.load(ModelStore(str(tmp_path)), f"{tmp_path}/gone.zip", "0" * 64, "v1")


def test_another_scikit_learn_is_refused(content: bytes) -> None:
    other = changed(content, lambda manifest: manifest.update(scikit_learn="1.2.3"))
    assert "1.2.3" in refused(other, ModelUnfit)


def test_other_features_are_refused(content: bytes) -> None:
    newer = changed(content, lambda manifest: manifest.update(features_version=99))
    assert "99" in refused(newer, ModelUnfit)
    renamed = changed(content, lambda manifest: manifest["feature_names"].reverse())
    refused(renamed, ModelUnfit)


def test_another_answer_to_a_golden_row_is_refused(content: bytes) -> None:
    def change(manifest: dict[str, Any]) -> None:
        manifest["golden_probabilities"][3] += 1e-6

    assert "golden row 3" in refused(changed(content, change), SelfTestFailed)


def test_other_features_of_a_golden_event_are_refused(content: bytes) -> None:
    def change(manifest: dict[str, Any]) -> None:
        manifest["golden_events"][2]["duration_minutes"] = 61

    assert "features of golden row 2" in refused(changed(content, change), SelfTestFailed)


def test_a_golden_event_that_is_no_event_is_refused(content: bytes) -> None:
    def change(manifest: dict[str, Any]) -> None:
        manifest["golden_events"][0]["latitude"] = "north"

    refused(changed(content, change), SelfTestFailed)


def test_golden_rows_that_do_not_fit_together_are_refused(content: bytes) -> None:
    refused(changed(content, lambda m: m["golden_probabilities"].pop()), SelfTestFailed)
    refused(changed(content, lambda m: m["golden_rows"].clear()), SelfTestFailed)


def test_a_manifest_with_unknown_fields_is_refused(content: bytes) -> None:
    assert "surprise" in refused(
        changed(content, lambda manifest: manifest.update(surprise=1)), ArtifactUnreadable
    )


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"manifest.json": b"{}"},
        {"manifest.json": b"not json", "model.skops": b""},
    ],
)
def test_half_an_artifact_is_refused(parts: Parts) -> None:
    refused(zipped(parts), ArtifactUnreadable)


def test_an_artifact_with_another_model_inside_is_refused(content: bytes, tmp_path: Path) -> None:
    other = tiny_artifact(tmp_path, seed=5).read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as mine, zipfile.ZipFile(io.BytesIO(other)) as its:
        mixed = zipped(
            {
                "manifest.json": mine.read("manifest.json"),
                "model.skops": its.read("model.skops"),
            }
        )
    refused(mixed, SelfTestFailed)


@given(st.binary(max_size=200))
def test_no_bytes_are_an_artifact(junk: bytes) -> None:
    with pytest.raises(ArtifactUnreadable):
        artifact.read(junk, "v1")


@settings(deadline=None)  # it loads models; a busy machine takes its time
@given(st.data())
def test_a_damaged_artifact_never_loads_as_something_else(
    content: bytes, data: st.DataObject
) -> None:
    """Even where nobody compares digests."""
    place = data.draw(st.integers(0, len(content) - 1))
    damaged = content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]
    try:
        engine = artifact.engine_of(damaged, "v1")
    except ModelUnusable:
        return
    whole = artifact.engine_of(content, "v1")
    assert_array_equal(engine.probabilities(golden_rows()), whole.probabilities(golden_rows()))


class Impostor(LogisticRegression):
    """A type of one's own: its code would have to be run to load it."""


def test_types_that_are_not_on_the_list_are_named_and_refused(content: bytes) -> None:
    matrix, booked = tiny_market(lessons=200)
    model = skops.io.dumps(
        make_pipeline(SimpleImputer(), StandardScaler(), Impostor()).fit(matrix, booked)
    )
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        manifest = parts.read("manifest.json")
    message = refused(zipped({"manifest.json": manifest, "model.skops": model}), ArtifactUnreadable)
    assert "Impostor" in message


def test_functions_of_ones_own_are_refused_when_packing(tmp_path: Path) -> None:
    matrix, booked = tiny_market(lessons=200)
    with_code = make_pipeline(
        FunctionTransformer(np.nan_to_num),
        FunctionTransformer(passed_on),
        StandardScaler(),
        LogisticRegression(),
    ).fit(matrix, booked)
    with pytest.raises(NotPackable, match="passed_on"):
        artifact.pack(with_code, tmp_path / "mine.zip")
    assert not list(tmp_path.iterdir())


def passed_on(matrix: Any) -> Any:
    return matrix


@pytest.mark.parametrize(
    "classifier",
    [
        make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()),
        RandomForestClassifier(5, random_state=0),
        CalibratedClassifierCV(HistGradientBoostingClassifier(max_iter=3), method="isotonic", cv=2),
        CalibratedClassifierCV(HistGradientBoostingClassifier(max_iter=3), method="sigmoid", cv=2),
    ],
    ids=lambda classifier: type(classifier).__name__,
)
def test_pipelines_from_a_notebook_can_be_registered(classifier: Any, tmp_path: Path) -> None:
    matrix, booked = tiny_market(lessons=300)
    fitted = classifier.fit(matrix, booked)
    artifact.pack(fitted, tmp_path / "mine.zip")
    engine = artifact.engine_of((tmp_path / "mine.zip").read_bytes(), "v1")
    assert_same(engine, fitted, matrix)


def test_a_bare_skops_file_becomes_an_artifact() -> None:
    matrix, booked = tiny_market(lessons=300)
    classifier = HistGradientBoostingClassifier(max_iter=3).fit(matrix, booked)
    engine = artifact.engine_of(artifact.pack_skops(skops.io.dumps(classifier), "mine"), "v1")
    assert_same(engine, classifier, matrix)


@pytest.mark.parametrize(
    ("columns", "labels", "why"),
    [
        (8, (0, 1), "9 columns"),
        (9, ("no", "yes"), "classes"),
        (9, (0, 1, 2), "classes"),
    ],
)
def test_a_classifier_that_does_not_fit_is_refused(
    columns: int, labels: tuple[Any, ...], why: str, tmp_path: Path
) -> None:
    matrix, _ = tiny_market(lessons=300)
    outcome = np.resize(np.array(labels), 300)
    classifier = HistGradientBoostingClassifier(max_iter=2).fit(matrix[:, :columns], outcome)
    with pytest.raises(NotPackable, match=why):
        artifact.pack(classifier, tmp_path / "mine.zip")


def test_a_classifier_that_takes_no_nan_is_refused(tmp_path: Path) -> None:
    matrix, booked = tiny_market(lessons=300)
    with pytest.raises(NotPackable, match="imputer"):
        artifact.pack(
            LogisticRegression(solver="liblinear").fit(matrix, booked), tmp_path / "mine.zip"
        )


def test_an_unfitted_classifier_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotPackable):
        artifact.pack(HistGradientBoostingClassifier(), tmp_path / "mine.zip")
