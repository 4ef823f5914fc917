"""The manifest of an artifact: what the model was made for, and how it must answer."""

from importlib.metadata import version
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, JsonValue

from model.engine import Classifier
from model.errors import ModelUnfit, SelfTestFailed
from model.features import FEATURE_NAMES, FEATURES_VERSION
from model.golden import TOLERANCE, golden_events, golden_rows, rows_of
from model.threads import one_thread
from producer_contract.codec import Refusal

SCIKIT_LEARN: Final = version("scikit-learn")
"""The version that runs here, known without importing it."""


class Manifest(BaseModel):
    """``manifest.json`` of an artifact.

    ``golden_rows`` hold null for NaN; the first ``len(golden_events)`` are the events' features.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    manifest_version: Literal[1] = 1
    scikit_learn: str
    features_version: int
    feature_names: tuple[str, ...]
    metrics: dict[str, JsonValue]
    golden_events: list[dict[str, Any]]
    golden_rows: list[list[float | None]]
    golden_probabilities: list[float]


def describe(classifier: Classifier, metrics: dict[str, JsonValue]) -> Manifest:
    """The manifest of a classifier fitted here and now, its answers to the golden rows included."""
    rows = golden_rows()
    with one_thread():
        answers = classifier.predict_proba(rows)[:, 1]
    return Manifest(
        scikit_learn=SCIKIT_LEARN,
        features_version=FEATURES_VERSION,
        feature_names=FEATURE_NAMES,
        metrics=metrics,
        golden_events=golden_events(),
        golden_rows=[[None if np.isnan(x) else x for x in row] for row in rows.tolist()],
        golden_probabilities=answers.tolist(),
    )


def check_fit(manifest: Manifest, name: str) -> None:
    """Refuse a model that was made for something else than what runs here.

    Raises:
        ModelUnfit: another scikit-learn or other features.
    """
    if manifest.scikit_learn != SCIKIT_LEARN:
        raise ModelUnfit(
            f"model {name} was made with scikit-learn {manifest.scikit_learn}, "
            f"here runs {SCIKIT_LEARN}: train it again, or install that version"
        )
    if manifest.features_version != FEATURES_VERSION or manifest.feature_names != FEATURE_NAMES:
        raise ModelUnfit(
            f"model {name} was made for features version {manifest.features_version}, "
            f"here runs {FEATURES_VERSION}: train it again, or run the service that has that one"
        )


def self_test(manifest: Manifest, classifier: Classifier, name: str) -> None:
    """Ask for the golden rows again, features included.

    Raises:
        SelfTestFailed: an answer is not what the manifest says.
    """
    rows = np.array(manifest.golden_rows, np.float64)  # null becomes NaN
    expected = np.array(manifest.golden_probabilities)
    if rows.shape != (len(expected), len(FEATURE_NAMES)) or len(manifest.golden_events) > len(rows):
        raise SelfTestFailed(f"model {name}: its golden rows do not fit together; build it again")
    try:
        features = rows_of(manifest.golden_events)
    except Refusal as refusal:
        raise SelfTestFailed(f"model {name}: a golden event is not valid: {refusal}") from refusal
    _compare(f"model {name}: the features of golden row", rows[: len(features)], features)
    try:
        with one_thread():
            answers = np.asarray(classifier.predict_proba(rows), np.float64)[:, 1]
    except Exception as error:
        raise SelfTestFailed(f"model {name} fails on its golden rows: {error}") from error
    _compare(f"model {name}: the probability of golden row", expected, answers)


def _compare(what: str, expected: NDArray[np.float64], found: NDArray[np.float64]) -> None:
    if expected.shape != found.shape:
        raise SelfTestFailed(f"{what}s: {len(found)} answers to {len(expected)} rows")
    equal = np.isclose(found, expected, rtol=0, atol=TOLERANCE, equal_nan=True)
    wrong = np.flatnonzero(~equal.reshape(len(expected), -1).all(axis=1))
    if wrong.size:
        row = int(wrong[0])
        raise SelfTestFailed(
            f"{what} {row} came out as {found[row].tolist()}, not {expected[row].tolist()}: "
            "it is not used; register it again from its source"
        )
