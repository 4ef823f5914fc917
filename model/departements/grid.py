"""A grid of 0.01° cells that settles most points without looking at a polygon.

A cell holds 0 (nothing near), 1 … 101 (it lies wholly inside that one of ``CODES``), or 102 + *s*:
look closer, the candidates are set *s* (the empty set where only a coast is near).
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

CELLS_PER_DEGREE: Final = 100
NOWHERE: Final = 0
FIRST_SET: Final = 102


@dataclass(frozen=True, slots=True)
class Grid:
    """Six boxes (the mainland, five overseas), their cells laid end to end.

    ``boxes``: int (6, 4), each the west, the south, the width and the height in cells;
    ``starts``: where each box's cells begin in ``cells``; rows run from south to north.
    ``members[ends[s] : ends[s + 1]]`` are the départements (0-based) of candidate set *s*.
    """

    boxes: NDArray[np.int64]
    starts: NDArray[np.int64]
    cells: NDArray[np.int16]
    members: NDArray[np.int64]
    ends: NDArray[np.int64]

    def look_up(
        self, latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]
    ) -> NDArray[np.int16]:
        """The cell's content for each point; ``NOWHERE`` outside the boxes and for NaN."""
        found = np.zeros(latitudes.shape, np.int16)
        remaining = np.arange(latitudes.size)
        for (west, south, width, height), start in zip(self.boxes, self.starts, strict=True):
            columns = np.floor(longitudes[remaining] * CELLS_PER_DEGREE) - west
            rows = np.floor(latitudes[remaining] * CELLS_PER_DEGREE) - south
            # NaN compares false, so what is not a number is in no box.
            inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
            places = start + rows[inside].astype(np.int64) * width
            places += columns[inside].astype(np.int64)
            found[remaining[inside]] = self.cells[places]
            remaining = remaining[~inside]
            if remaining.size == 0:
                break
        return found

    def candidates(self, cells: NDArray[np.int16]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For cells ≥ ``FIRST_SET``: pairs (which of the cells, département), by cell."""
        sets = cells.astype(np.int64) - FIRST_SET
        first = self.ends[sets]
        counts = self.ends[sets + 1] - first
        which = np.repeat(np.arange(cells.size), counts)
        within = np.arange(which.size) - np.repeat(np.cumsum(counts) - counts, counts)
        return which, self.members[np.repeat(first, counts) + within]


@cache
def load_grid() -> Grid:
    """The grid that ``build_grid`` made."""
    with (files(__package__) / "grid.npz").open("rb") as file, np.load(file) as stored:
        return Grid(**{name: stored[name] for name in Grid.__slots__})
