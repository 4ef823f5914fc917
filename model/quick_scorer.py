"""Boosted trees as tables: what scikit-learn's predict gives, in an eighth of its time.

QuickScorer (Lucchese et al., SIGIR 2015) in NumPy. A tree's leaves are the bits of a word, the
leftmost the lowest. A split that sends a row to the right rules out the leaves to its left; the
lowest bit that no split rules out is the leaf which the row reaches. Which splits of all trees send
a row to the right depends on one feature at a time, and only on between which two thresholds its
value lies, so the words stand in one table per feature, or in one for several that have few such
places: a row of the market's model is six look-ups, five ANDs, and no branch. 100 trees of 31
leaves on the market's slots: scikit-learn's walk 4.6 to 6.2 µs a row, this 0.5 to 0.6, of
which ``model/cells.py`` takes 0.06.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.cells import Cells

MOST_LEAVES: Final = 64
"""Of one tree: the bits of the longest word."""

_WORDS_AT_ONCE: Final = 50_000
"""Rows × trees of one step: the words and the leaves' values stay in the processor's second cache
(a 2.2 MB step takes 1.4 times as long a row)."""

_SHARED_BYTES: Final = 200_000
"""Of a table that several columns share; a much larger one would leave the second cache."""


class Trees(NamedTuple):
    """One boosted model over k features with t trees.

    ``edges``: per feature, ascending, the last one infinite. Between two of them all values are
    alike: (edges[i-1], edges[i]] is cell i, and NaN is the cell after the last.
    ``words``: per feature (cells, t), uint32 or uint64; a bit is off where the leaf is ruled out.
    ``leaves``: (t, bits of a word), the values of each tree's leaves from left to right.
    A probability is 1 / (1 + exp(slope · sum + intercept)), the sum being ``baseline``'s and one
    leaf's of each tree.
    """

    edges: tuple[NDArray[np.float64], ...]
    words: tuple[NDArray[np.unsignedinteger], ...]
    leaves: NDArray[np.float64]
    baseline: float
    slope: float
    intercept: float


class QuickScorer:
    """A classifier of the classes 0 and 1: the mean of what its models say.

    ``finite``: the columns in which infinity is refused, as scikit-learn's encoder does.
    """

    def __init__(self, models: tuple[Trees, ...], finite: NDArray[np.intp]) -> None:
        self.classes_ = np.array([0, 1])
        self.models = models
        self.finite = finite
        self._prepared = [_Prepared(trees) for trees in models]

    def predict_proba(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, k) → (n, 2). May be called from several threads; most of it without the GIL.

        Raises:
            ValueError: another number of columns, or infinity where it is refused.
        """
        columns = len(self.models[0].edges)
        if matrix.ndim != 2 or matrix.shape[1] != columns:
            raise ValueError(f"a matrix of shape {matrix.shape}, not of {columns} columns")
        if self.finite.size and np.isinf(matrix[:, self.finite]).any():
            raise ValueError("infinity in a column of categories")
        booked = np.mean([one.probabilities(matrix) for one in self._prepared], axis=0)
        return np.column_stack((1.0 - booked, booked))


class _Prepared:
    """Trees as they are looked up: the columns with few cells share tables."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees
        self._cells = [Cells(edges) for edges in trees.edges]
        self._tables = list(_shared(trees.words))
        self._first = np.arange(len(trees.leaves)) * trees.leaves.shape[1]

    def probabilities(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, k) → (n)."""
        trees = self._trees
        cells = [of_column.of(matrix[:, k]) for k, of_column in enumerate(self._cells)]
        places = [_place(table, cells) for table in self._tables]
        sums = np.empty(len(matrix))
        for step in _steps(len(matrix), len(trees.leaves)):
            leaf = self._leaves_reached([place[step] for place in places])
            np.add.reduce(trees.leaves.take(leaf), axis=1, out=sums[step])
        with np.errstate(over="ignore"):  # exp(710) is infinite, and the probability 0
            return np.asarray(
                1.0 / (1.0 + np.exp(trees.slope * (trees.baseline + sums) + trees.intercept))
            )

    def _leaves_reached(self, places: list[NDArray[np.intp]]) -> NDArray[np.intp]:
        """Places in ``leaves``, flat: (n, t)."""
        word = self._tables[0].words.take(places[0], axis=0)
        other = np.empty_like(word)
        for table, place in zip(self._tables[1:], places[1:], strict=True):
            # "clip" writes to ``out`` directly; no place is beyond the table.
            np.bitwise_and(word, table.words.take(place, axis=0, out=other, mode="clip"), out=word)
        np.bitwise_and(~word, word - word.dtype.type(1), out=word)  # ones below the lowest bit
        return np.asarray(np.bitwise_count(word) + self._first)


class _Table(NamedTuple):
    """The words of some columns together: a row for each combination of their cells, those of the
    last column next to each other. ``columns``: each with the number of its cells."""

    columns: tuple[tuple[int, int], ...]
    words: NDArray[np.unsignedinteger]


def _shared(words: tuple[NDArray[np.unsignedinteger], ...]) -> Iterator[_Table]:
    """One table for several columns where it stays small, those with the fewest cells first."""
    shared: _Table | None = None
    for column in sorted(range(len(words)), key=lambda column: len(words[column])):
        own = _Table(((column, len(words[column])),), words[column])
        if shared is None:
            shared = own
        elif len(shared.words) * own.words.nbytes <= _SHARED_BYTES:
            both = shared.words[:, None] & own.words
            shared = _Table(shared.columns + own.columns, both.reshape(-1, both.shape[-1]))
        else:
            yield shared
            shared = own
    if shared is not None:
        yield shared


def _place(table: _Table, cells: list[NDArray[np.intp]]) -> NDArray[np.intp]:
    """In which row of the table each of the matrix's rows is looked up: (n)."""
    (first, _), *others = table.columns
    place = cells[first]
    for column, count in others:
        place = place * count + cells[column]
    return place


def _steps(rows: int, trees: int) -> Iterator[slice]:
    size = max(1, _WORDS_AT_ONCE // trees)
    return (slice(start, start + size) for start in range(0, rows, size))
