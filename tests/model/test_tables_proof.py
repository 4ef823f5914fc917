"""Tables that answer otherwise than their classifier are found, though the golden rows agree."""

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from model import artifact
from model.dataset import read_lessons
from model.errors import SelfTestFailed
from model.golden import golden_rows
from model.quick_scorer import QuickScorer
from model.tables import tables_of
from model.tables_file import dump_tables
from model.tables_proof import MOST_APART, MOST_ROWS, most_apart, odd_rows
from model.training import fit, split
from tests.models import tiny_market


@pytest.fixture(scope="module")
def classifier() -> Any:
    matrix, booked = tiny_market()
    return HistGradientBoostingClassifier(max_iter=8, random_state=0).fit(matrix, booked)


def tampered(classifier: Any) -> QuickScorer:
    """Its tables with one leaf a little off, of those that no golden row reaches."""
    tables = tables_of(classifier)
    assert tables is not None
    expected = tables.predict_proba(golden_rows())
    (trees,) = tables.models
    for leaf in range(trees.leaves.size):
        trees.leaves.flat[leaf] += 1e-9
        seen = not np.array_equal(tables.predict_proba(golden_rows()), expected)
        if not seen and most_apart(classifier, tables) > 0:
            return tables
        trees.leaves.flat[leaf] -= 1e-9
    raise AssertionError("the golden rows reach every leaf")


def with_tables(content: bytes, tables: QuickScorer) -> bytes:
    """The artifact with other tables."""
    with zipfile.ZipFile(io.BytesIO(content)) as before:
        parts = {name: before.read(name) for name in before.namelist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, part in (parts | {"tables.npz": dump_tables(tables)}).items():
            file.writestr(name, part)
    return out.getvalue()


def test_every_edge_is_tried_with_its_neighbours_and_what_is_odd(classifier: Any) -> None:
    tables = tables_of(classifier)
    assert tables is not None
    rows = odd_rows(tables)
    assert len(rows) <= MOST_ROWS
    for column, edges in enumerate(tables.models[0].edges):
        found = rows[:, column]
        assert np.isin(edges, found).all()
        assert np.isin(np.nextafter(edges[:-1], -np.inf), found).all()
        assert np.isin(np.nextafter(edges[:-1], np.inf), found).all()
        assert np.isnan(found).any()
        assert {np.inf, -np.inf} <= set(found)


def test_infinity_is_left_out_where_it_is_refused() -> None:
    matrix, booked = tiny_market()
    boosting = HistGradientBoostingClassifier(max_iter=3, categorical_features=[1])
    tables = tables_of(boosting.fit(matrix, booked))
    assert tables is not None
    assert np.isinf(odd_rows(tables)).any(axis=0).tolist() == [k != 1 for k in range(9)]
    assert most_apart(boosting, tables) <= MOST_APART


def test_the_markets_model_is_proved_in_less_than_a_second(market: Path) -> None:
    classifier = fit(split(read_lessons(market)))
    tables = tables_of(classifier)
    assert tables is not None
    began = time.thread_time()
    assert most_apart(classifier, tables) <= MOST_APART
    assert time.thread_time() < began + 1


def test_another_kind_of_model_is_as_far_apart_as_can_be(classifier: Any) -> None:
    tables = tables_of(classifier)
    assert tables is not None
    matrix, booked = tiny_market()
    assert most_apart(RandomForestClassifier(2).fit(matrix, booked), tables) == np.inf


def test_tampered_tables_pass_the_golden_rows_and_are_refused_by_the_proof(
    classifier: Any,
) -> None:
    content = artifact.pack_bytes(classifier, {"auc": 0.7})
    assert artifact.prove(content, "v1").metrics == {"auc": 0.7}
    bad = with_tables(content, tampered(classifier))
    assert artifact.engine_of(bad, "v1").by_tables
    with pytest.raises(SelfTestFailed, match=r"model v1: its tables .* pack it again"):
        artifact.prove(bad, "v1")


def test_a_model_whose_tables_answer_otherwise_is_packed_without_them(
    classifier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact, "tables_of", tampered)
    with pytest.warns(UserWarning, match="scored by scikit-learn"):
        content = artifact.pack_bytes(classifier, {})
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert "tables.npz" not in file.namelist()
    with pytest.warns(UserWarning, match="scored by scikit-learn"):
        engine = artifact.engine_of(content, "v1")
    assert not engine.by_tables
    rows = golden_rows()
    assert np.array_equal(engine.probabilities(rows), classifier.predict_proba(rows)[:, 1])
