"""Between which two edges values lie: ``edges.searchsorted(values)``, in a fifth of its time.

A binary search guesses wrong at every other step, 0.05 µs a value among 185 edges. Here the line
from the first edge to the last is cut into buckets of one width. A value's bucket is found by
arithmetic, which tells how many edges lie before the bucket; the few edges within it are then
compared one after the other, 0.01 µs in all.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

BUCKETS: Final = 4_096
"""Of one column: 32 kB."""

MANY: Final = 1_000
"""Values from which on this is faster: its dozen calls of NumPy take 9 µs."""

_MOST_IN_A_BUCKET: Final = 16
"""Edges so close together that a binary search is as fast."""


class Cells:
    """The cells between ``edges``, which ascend, the last one infinite: (edges[i-1], edges[i]] is
    cell i, and NaN is the cell after the last."""

    def __init__(self, edges: NDArray[np.float64]) -> None:
        self._edges = edges
        self._most = 0
        finite = edges[:-1]
        if not finite.size:
            return
        self._low = finite[0]
        with np.errstate(all="ignore"):
            self._scale = BUCKETS / (finite[-1] - self._low)
        if not 0.0 < self._scale < np.inf:  # one edge, or as far apart as numbers go, or infinite
            return
        counts = np.bincount(self._buckets(finite), minlength=BUCKETS)
        self._before = np.cumsum(counts) - counts
        self._most = int(counts.max())

    def of(self, values: NDArray[np.float64]) -> NDArray[np.intp]:
        """(n) → (n), for any values."""
        if len(values) < MANY or not 0 < self._most <= _MOST_IN_A_BUCKET:
            return self._edges.searchsorted(values)
        # Rounding keeps order: whatever lies in an earlier bucket is less.
        cells = self._before[self._buckets(values)]
        for _ in range(self._most):
            cells += self._edges[cells] < values
        unknown = np.isnan(values)
        if unknown.any():
            cells[unknown] = len(self._edges)
        return cells

    def _buckets(self, values: NDArray[np.float64]) -> NDArray[np.intp]:
        with np.errstate(over="ignore"):
            places = (values - self._low) * self._scale
        # Unlike minimum and maximum, these take NaN to a bucket too.
        return np.asarray(np.fmax(np.fmin(places, BUCKETS - 1), 0), np.intp)
