"""From points to départements."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from model.departements.coast import nearest
from model.departements.grid import FIRST_SET, NOWHERE, load_grid
from model.departements.polygons import CODES, load_polygons


class Method(IntEnum):
    """How a point's département was found."""

    NONE = 0
    """It was not: the sea, abroad, or not a point at all."""
    GRID = 1
    """Its cell of the grid lies wholly inside."""
    POLYGON = 2
    """Near a border: the exact polygon contains it."""
    NEAREST = 3
    """Outside all of them, but within ``LIMIT_KM`` of this one."""


_NAMES = np.array(["", *CODES])

MOST_KNOWN: Final = 20_000
"""Points whose answer is kept, all of them near borders and coasts, where it takes 5 µs to find:
7 MB at most. When there would be more, all are forgotten."""

_KNOWN: Final[dict[tuple[float, float], tuple[int, int, float]]] = {}
"""By latitude and longitude: number, method, distance."""


@dataclass(frozen=True, slots=True)
class Located:
    """What ``locate`` found for n points.

    ``numbers``: int16 (n), the place in ``CODES``, -1 where there is none;
    ``method``: uint8 (n), values of ``Method``;
    ``distance_km``: float64 (n), 0 inside, NaN where there is none.
    """

    numbers: NDArray[np.int16]
    method: NDArray[np.uint8]
    distance_km: NDArray[np.float64]

    @property
    def codes(self) -> NDArray[np.str_]:
        """INSEE codes as text ("01", "2A", "971"), "" where there is none."""
        return _NAMES[self.numbers + 1]


def locate(latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]) -> Located:
    """The département of each point; both arguments are (n), WGS 84 degrees. Never raises.

    A point on a border that two départements share goes to the first in ``CODES``.
    """
    latitudes = np.asarray(latitudes, np.float64)
    longitudes = np.asarray(longitudes, np.float64)
    cells = load_grid().look_up(latitudes, longitudes)
    settled = cells < FIRST_SET
    located = Located(
        numbers=np.where(settled, cells - 1, -1).astype(np.int16),
        method=np.where(settled & (cells != NOWHERE), Method.GRID, Method.NONE).astype(np.uint8),
        distance_km=np.where(settled & (cells != NOWHERE), 0.0, np.nan),
    )
    closer = np.flatnonzero(~settled)
    if closer.size:
        found = _remembered(cells[closer], latitudes[closer], longitudes[closer])
        located.numbers[closer] = found.numbers
        located.method[closer] = found.method
        located.distance_km[closer] = found.distance_km
    return located


def _remembered(
    cells: NDArray[np.int16], latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]
) -> Located:
    """``_look_closer``, once for a point that comes again, as meeting points do."""
    if len(cells) > MOST_KNOWN:
        return _look_closer(cells, latitudes, longitudes)
    points = list(zip(latitudes.tolist(), longitudes.tolist(), strict=True))
    answers = [_KNOWN.get(point) for point in points]
    new = [place for place, answer in enumerate(answers) if answer is None]
    if new:
        found = _look_closer(cells[new], latitudes[new], longitudes[new])
        if len(_KNOWN) + len(new) > MOST_KNOWN:
            _KNOWN.clear()
        columns = (found.numbers.tolist(), found.method.tolist(), found.distance_km.tolist())
        for place, answer in zip(new, zip(*columns, strict=True), strict=True):
            answers[place] = _KNOWN[points[place]] = answer
    numbers, method, distance_km = zip(*answers, strict=True)
    return Located(
        np.array(numbers, np.int16), np.array(method, np.uint8), np.array(distance_km, np.float64)
    )


def _look_closer(
    cells: NDArray[np.int16], latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]
) -> Located:
    """From the polygons of a cell's candidates, else from the nearest coast."""
    located = Located(
        np.full(cells.size, -1, np.int16),
        np.full(cells.size, Method.NONE, np.uint8),
        np.full(cells.size, np.nan),
    )
    which, departement = load_grid().candidates(cells)
    inside = shapely.intersects_xy(
        load_polygons()[departement], longitudes[which], latitudes[which]
    )
    # Candidates stand in the order of CODES: of several, the first wins.
    point, first = np.unique(which[inside], return_index=True)
    _fill(located, point, departement[inside][first], Method.POLYGON, 0.0)
    outside = np.setdiff1d(np.arange(cells.size), point)
    if outside.size:
        owner, distance = nearest(latitudes[outside], longitudes[outside])
        near = owner >= 0
        _fill(located, outside[near], owner[near], Method.NEAREST, distance[near])
    return located


def _fill(
    located: Located,
    places: NDArray[np.int64],
    numbers: NDArray[np.int64],
    method: Method,
    distance_km: NDArray[np.float64] | float,
) -> None:
    located.numbers[places] = numbers
    located.method[places] = method
    located.distance_km[places] = distance_km
