"""Tables from scikit-learn's histogram-based boosting, calibrated or not.

Reads what scikit-learn keeps of its trees (``TreePredictor.nodes``, ``_BinMapper``): private, hence
the pinned version, and the tests that compare with its own predict.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.quick_scorer import MOST_LEAVES, QuickScorer, Trees


class _Column(NamedTuple):
    """One column of the matrix: its cells, and what the trees see of a value in each (a category's
    code, and NaN for a value that is none)."""

    edges: NDArray[np.float64]
    values: NDArray[np.float64]


def tables_of(classifier: Any) -> QuickScorer | None:
    """The same classifier as tables; None where it is of a kind, or has trees of more leaves, that
    they cannot hold.

    Kinds: ``HistGradientBoostingClassifier``, by itself or inside ``CalibratedClassifierCV`` with
    ``method="sigmoid"``.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    members = _members(classifier)
    if not members or any(
        type(boosting) is not HistGradientBoostingClassifier or _most_leaves(boosting) > MOST_LEAVES
        for boosting, _, _ in members
    ):
        return None
    encoded = [boosting.is_categorical_ for boosting, _, _ in members]
    finite = np.logical_or.reduce([one for one in encoded if one is not None] or [[False]])
    return QuickScorer(tuple(_trees(*member) for member in members), np.flatnonzero(finite))


def _members(classifier: Any) -> list[tuple[Any, float, float]]:
    """Boosted models, each with the slope and intercept of its sigmoid; none: another kind."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    if type(classifier) is not CalibratedClassifierCV:
        return [(classifier, -1.0, 0.0)]
    members = []
    for one in classifier.calibrated_classifiers_:
        if one.method != "sigmoid":
            return []
        boosting = one.estimator
        if type(boosting) is FrozenEstimator:
            boosting = boosting.estimator
        (sigmoid,) = one.calibrators
        members.append((boosting, float(sigmoid.a_), float(sigmoid.b_)))
    return members


def _most_leaves(boosting: Any) -> int:
    return max(int(predictor.get_n_leaf_nodes()) for (predictor,) in boosting._predictors)


def _trees(boosting: Any, slope: float, intercept: float) -> Trees:
    predictors = [predictor for (predictor,) in boosting._predictors]
    word = np.uint32 if _most_leaves(boosting) <= 32 else np.uint64
    columns, place = _columns(boosting, [predictor.nodes for predictor in predictors])
    words = [np.full((len(c.values), len(predictors)), ~word(0)) for c in columns]
    leaves = np.zeros((len(predictors), word(0).itemsize * 8))
    for tree, predictor in enumerate(predictors):
        values: list[float] = []
        splits: list[tuple[int, int]] = []
        _descend(predictor.nodes, 0, values, splits)
        leaves[tree, : len(values)] = values
        for node, to_its_left in splits:
            column = place[predictor.nodes["feature_idx"][node]]
            right = ~_goes_left(predictor, node, columns[column])
            words[column][right, tree] &= ~word(to_its_left)
    return Trees(
        edges=tuple(column.edges for column in columns),
        words=tuple(words),
        leaves=leaves,
        baseline=float(boosting._baseline_prediction[0, 0]),
        slope=slope,
        intercept=intercept,
    )


def _descend(nodes: Any, node: int, leaves: list[float], splits: list[tuple[int, int]]) -> int:
    """Number the leaves from left to right; the bits of those under ``node``. Each split comes with
    the bits to its left."""
    if nodes["is_leaf"][node]:
        leaves.append(nodes["value"][node])
        return 1 << (len(leaves) - 1)
    left = _descend(nodes, int(nodes["left"][node]), leaves, splits)
    splits.append((node, left))
    return left | _descend(nodes, int(nodes["right"][node]), leaves, splits)


def _goes_left(predictor: Any, node: int, column: _Column) -> NDArray[np.bool_]:
    """For each cell, as ``_predict_one_from_raw_data`` in scikit-learn's ``_predictor.pyx``, but
    for its categories that are not known: the encoder before it made NaN of them."""
    split = predictor.nodes[node]
    missing = np.isnan(column.values)
    if split["is_categorical"]:
        codes = np.where(missing, 0, column.values).astype(np.intp)
        left = _set(predictor.raw_left_cat_bitsets[split["bitset_idx"]])[codes]
    else:
        left = column.values <= split["num_threshold"]
    return np.where(missing, bool(split["missing_go_to_left"]), left)


def _columns(boosting: Any, trees: list[Any]) -> tuple[list[_Column], NDArray[np.intp]]:
    """The matrix's columns, and which of them each of the trees' features is: the encoder puts the
    categories first."""
    encoded = boosting.is_categorical_
    if encoded is None:
        place = np.arange(boosting.n_features_in_)
        categories = []
    else:
        place = np.concatenate((np.flatnonzero(encoded), np.flatnonzero(~encoded)))
        categories = boosting._preprocessor.named_transformers_["encoder"].categories_
    columns = [_numbers(trees, feature) for feature in np.argsort(place)]
    for feature, of_column in enumerate(categories):
        columns[place[feature]] = _categories(of_column)
    return columns, place


def _numbers(trees: list[Any], feature: int) -> _Column:
    thresholds = np.unique(
        np.concatenate(
            [t["num_threshold"][(t["is_leaf"] == 0) & (t["feature_idx"] == feature)] for t in trees]
        )
    )
    edges = np.append(thresholds[thresholds < np.inf], np.inf)
    return _Column(edges, np.append(edges, np.nan))


def _categories(categories: NDArray[np.float64]) -> _Column:
    """A cell for each category, which holds its value alone, and one for what lies between."""
    of_values = categories[~np.isnan(categories)].astype(np.float64)
    edges = np.unique(np.concatenate((np.nextafter(of_values, -np.inf), of_values, [np.inf])))
    codes = np.full(len(edges) + 1, np.nan)
    codes[edges.searchsorted(of_values)] = np.arange(len(of_values))
    return _Column(edges, codes)


def _set(words: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """A set of codes, from the bits in which scikit-learn keeps it: (8,) → (256,)."""
    bits = np.unpackbits(words.astype("<u4").view(np.uint8), bitorder="little")
    return bits.astype(bool)
