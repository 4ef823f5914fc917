"""Trees as tables answer as scikit-learn does, whatever the row."""

import io
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from model import artifact
from model.dataset import read_lessons
from model.errors import ArtifactUnreadable
from model.golden import golden_rows
from model.quick_scorer import QuickScorer
from model.tables import tables_of
from model.tables_file import dump_tables, load_tables
from model.training import fit, split
from tests.models import tiny_market

Matrix = NDArray[np.float64]

Boosting = partial(HistGradientBoostingClassifier, max_iter=12, min_samples_leaf=5, random_state=0)
CATEGORIES = [0, 3, 7]
"""Columns of ``rows`` that hold few whole numbers."""

PLAIN: dict[str, Callable[[], Any]] = {
    "default": Boosting,
    "one tree": partial(Boosting, max_iter=1),
    "one leaf": partial(Boosting, min_samples_leaf=10_000),
    "stumps": partial(Boosting, max_leaf_nodes=2),
    "32 leaves": partial(Boosting, max_leaf_nodes=32, min_samples_leaf=2),
    "33 leaves": partial(Boosting, max_leaf_nodes=33, min_samples_leaf=2),
    "64 leaves": partial(Boosting, max_leaf_nodes=64, min_samples_leaf=2),
    "monotonic": partial(Boosting, monotonic_cst=[0, 1, -1, 0, 0, 1, 0, 0, -1]),
    "early stopping": partial(Boosting, max_iter=200, early_stopping=True, n_iter_no_change=2),
    "few bins": partial(Boosting, max_bins=5),
    "calibrated": lambda: CalibratedClassifierCV(Boosting(), method="sigmoid", cv=2),
    "one of two": lambda: CalibratedClassifierCV(Boosting(), ensemble=False, cv=2),
}
CATEGORICAL: dict[str, Callable[[], Any]] = {
    "categories": partial(Boosting, categorical_features=CATEGORIES),
    "categories not all trained on": partial(
        Boosting, categorical_features=CATEGORIES, early_stopping=True, validation_fraction=0.9
    ),
    "calibrated categories": lambda: CalibratedClassifierCV(
        Boosting(categorical_features=CATEGORIES), method="sigmoid", cv=2
    ),
}


def rows(seed: int, n: int = 3_000) -> Matrix:
    """Random rows: whole numbers, negative ones, fractions, huge, tiny, missing."""
    draw = np.random.default_rng(seed)
    matrix = draw.normal(size=(n, 9)) * 10.0 ** draw.integers(-3, 4, size=9)
    for column, codes in zip(CATEGORIES, (40, 4, 200), strict=True):
        matrix[:, column] = draw.integers(0, codes, n) * 1.5 - 3.0
    matrix[:, 4] = draw.choice([-0.0, 0.0, 5e-324, -5e-324, 1e-310], n)
    matrix[draw.random((n, 9)) < 0.1] = np.nan
    return matrix


def labels(matrix: Matrix, seed: int) -> NDArray[np.intp]:
    draw = np.random.default_rng(seed)
    known = np.nan_to_num(matrix / (np.nanstd(matrix, axis=0) + 1e-3))
    missing = np.isnan(matrix[:, 2])  # so that trees split by what is missing
    score = known[:, 0] - known[:, 1] + np.sin(3 * known[:, 7]) + 2 * missing
    return (score + draw.normal(size=len(matrix)) > 0.5).astype(np.intp)


def adversarial(matrix: Matrix, scorer: QuickScorer, *, infinities: bool = True) -> Matrix:
    """``matrix``, and rows of it with one value on an edge, beside one, or out of this world."""
    odd = [np.nan, 0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308, 0.5, 7.25, 255.0, 256.0, 1e9, -1.0]
    odd += [np.inf, -np.inf] if infinities else []
    found = [matrix]
    for column in range(matrix.shape[1]):
        edges = np.concatenate([trees.edges[column][:-1] for trees in scorer.models])
        beside = [np.nextafter(edges, way) for way in (-np.inf, np.inf)]
        values = np.concatenate((edges, *beside, edges.astype(np.float32), odd))
        some = matrix[np.resize(np.arange(len(matrix)), len(values))].copy()
        some[:, column] = values
        found.append(some)
    return np.vstack(found)


def as_tables(classifier: Any) -> QuickScorer:
    scorer = tables_of(classifier)
    assert scorer is not None
    return scorer


def assert_same(classifier: Any, scorer: QuickScorer, matrix: Matrix) -> None:
    expected = classifier.predict_proba(matrix)
    assert_allclose(scorer.predict_proba(matrix), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("make", PLAIN.values(), ids=PLAIN)
def test_every_row_gets_scikit_learns_answer(make: Callable[[], Any], seed: int) -> None:
    matrix = rows(seed)
    classifier = make().fit(matrix, labels(matrix, seed))
    scorer = as_tables(classifier)
    assert_same(classifier, scorer, adversarial(rows(seed + 10), scorer))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("make", CATEGORICAL.values(), ids=CATEGORICAL)
def test_categories_do_too_unknown_ones_included(make: Callable[[], Any], seed: int) -> None:
    matrix = rows(seed)
    classifier = make().fit(matrix, labels(matrix, seed))
    scorer = as_tables(classifier)
    assert_array_equal(scorer.finite, CATEGORIES)
    assert_same(classifier, scorer, adversarial(rows(seed + 10), scorer, infinities=False))
    for column in range(9):
        row = rows(seed, 1)
        row[0, column] = np.inf
        if column in CATEGORIES:
            for one in (classifier, scorer):
                with pytest.raises(ValueError, match="infinity"):
                    one.predict_proba(row)
        else:
            assert_same(classifier, scorer, row)


def test_some_trees_split_by_what_is_missing() -> None:
    """What the tests above rely on: a threshold at infinity."""
    matrix = rows(1)
    classifier = Boosting().fit(matrix, labels(matrix, 1))
    thresholds = [p.nodes["num_threshold"] for (p,) in classifier._predictors]
    assert np.isinf(np.concatenate(thresholds)).any()


def test_the_markets_model(market: Path) -> None:
    lessons = read_lessons(market)
    classifier = fit(split(lessons))
    scorer = as_tables(classifier)
    assert_same(classifier, scorer, adversarial(lessons.matrix, scorer))
    assert_same(classifier, scorer, golden_rows())


def test_a_prefit_model_calibrated_later() -> None:
    matrix = rows(3)
    trees = FrozenEstimator(Boosting().fit(matrix, labels(matrix, 3)))
    classifier = CalibratedClassifierCV(trees, method="sigmoid").fit(matrix, labels(matrix, 4))
    assert_same(classifier, as_tables(classifier), matrix)


@pytest.mark.parametrize("trees", [1, 300])
def test_a_row_does_not_depend_on_its_neighbours(trees: int) -> None:
    """Steps of many rows and of few, and their seams."""
    matrix = rows(5)
    scorer = as_tables(Boosting(max_iter=trees).fit(matrix, labels(matrix, 5)))
    whole = scorer.predict_proba(matrix)
    for size in (1, 166, 167, 1_000):
        assert_array_equal(scorer.predict_proba(matrix[:size]), whole[:size])
    assert_array_equal(scorer.predict_proba(np.asfortranarray(matrix)), whole)
    assert scorer.predict_proba(matrix[:0]).shape == (0, 2)


def test_threads_may_share_it() -> None:
    matrix = rows(6)
    scorer = as_tables(Boosting().fit(matrix, labels(matrix, 6)))
    whole = scorer.predict_proba(matrix)
    with ThreadPoolExecutor(4) as threads:
        for answers in threads.map(scorer.predict_proba, [matrix] * 40):
            assert_array_equal(answers, whole)


def test_another_number_of_columns_is_refused() -> None:
    matrix = rows(7)
    scorer = as_tables(Boosting().fit(matrix, labels(matrix, 7)))
    with pytest.raises(ValueError, match="9 columns"):
        scorer.predict_proba(matrix[:, :8])


class Own(HistGradientBoostingClassifier):
    """Might answer otherwise."""


@pytest.mark.parametrize(
    "classifier",
    [
        Boosting(max_leaf_nodes=65, min_samples_leaf=1),
        Own(max_iter=2),
        CalibratedClassifierCV(Boosting(), method="isotonic", cv=2),
        CalibratedClassifierCV(Boosting(), method="temperature", cv=2),
        CalibratedClassifierCV(Own(max_iter=2), cv=2),
        make_pipeline(SimpleImputer(), Boosting()),
        RandomForestClassifier(3),
    ],
    ids=["65 leaves", "subclass", "isotonic", "temperature", "of a subclass", "pipeline", "forest"],
)
def test_other_models_stay_scikit_learns(classifier: Any) -> None:
    matrix = rows(8)
    assert tables_of(classifier.fit(matrix, labels(matrix, 8))) is None


def test_a_loaded_model_scores_with_its_tables() -> None:
    matrix, booked = tiny_market()
    classifier = Boosting().fit(matrix, booked)
    engine = artifact.engine_of(artifact.pack_bytes(classifier, {}), "v1")
    assert isinstance(engine._classifier, QuickScorer)
    expected = classifier.predict_proba(matrix)[:, 1]
    assert_allclose(engine.probabilities(matrix), expected, rtol=0, atol=1e-12)


def test_a_worker_loads_a_model_of_tables_without_scikit_learn(tmp_path: Path) -> None:
    matrix, booked = tiny_market()
    artifact.pack(Boosting().fit(matrix, booked), tmp_path / "mine.zip")
    code = (
        "import sys, pathlib; from model.artifact import engine_of;"
        f"engine_of(pathlib.Path({str(tmp_path / 'mine.zip')!r}).read_bytes(), 'v1');"
        "sys.exit('sklearn' in sys.modules or 'skops' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("make", [PLAIN["33 leaves"], CATEGORICAL["calibrated categories"]])
def test_tables_are_kept_as_they_are(make: Callable[[], Any]) -> None:
    matrix = rows(9)
    scorer = as_tables(make().fit(matrix, labels(matrix, 9)))
    content = dump_tables(scorer)
    assert content == dump_tables(scorer), "the same tables, the same bytes"
    kept = load_tables(content, 9, "v1")
    assert_array_equal(kept.predict_proba(matrix), scorer.predict_proba(matrix))
    assert_array_equal(kept.finite, scorer.finite)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("0.edges.2", np.array([3.0, 1.0, np.inf])),
        ("0.edges.2", np.array([np.inf])),
        ("0.words.1", np.zeros((2, 12), np.uint64)),
        ("0.leaves", np.zeros((12, 31))),
        ("0.curve", np.zeros(2)),
        ("finite", np.array([9])),
        ("finite", np.array([print], dtype=object)),
    ],
)
def test_tables_that_do_not_fit_together_are_refused(name: str, value: NDArray[Any]) -> None:
    matrix = rows(9)
    content = dump_tables(as_tables(Boosting().fit(matrix, labels(matrix, 9))))
    with np.load(io.BytesIO(content)) as whole:
        arrays = {**whole, name: value}
    changed = io.BytesIO()
    np.savez(changed, **arrays)
    for bad in (changed.getvalue(), content[: len(content) // 2], b""):
        with pytest.raises(ArtifactUnreadable, match="v1"):
            load_tables(bad, 9, "v1")
