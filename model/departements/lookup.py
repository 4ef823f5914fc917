"""From points to départements."""

from dataclasses import dataclass
from enum import IntEnum

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
        _look_closer(located, closer, cells[closer], latitudes[closer], longitudes[closer])
    return located


def _look_closer(
    located: Located,
    places: NDArray[np.int64],
    cells: NDArray[np.int16],
    latitudes: NDArray[np.float64],
    longitudes: NDArray[np.float64],
) -> None:
    """Fill in the points at ``places`` from the polygons, then from the nearest coast."""
    which, departement = load_grid().candidates(cells)
    inside = shapely.intersects_xy(
        load_polygons()[departement], longitudes[which], latitudes[which]
    )
    # Candidates stand in the order of CODES: of several, the first wins.
    point, first = np.unique(which[inside], return_index=True)
    _fill(located, places[point], departement[inside][first], Method.POLYGON, 0.0)
    outside = np.setdiff1d(np.arange(places.size), point)
    if outside.size:
        owner, distance = nearest(latitudes[outside], longitudes[outside])
        near = owner >= 0
        _fill(located, places[outside[near]], owner[near], Method.NEAREST, distance[near])


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
