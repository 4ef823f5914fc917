"""The polygons of the départements as they stand in the package."""

from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

UNITS_PER_DEGREE: Final = 100_000
"""The source has five decimals; whole hundred-thousandths are exact and small."""

CODES: Final[tuple[str, ...]] = tuple(
    [f"{n:02}" for n in range(1, 20)]
    + ["21", "22", "23", "24", "25", "26", "27", "28", "29", "2A", "2B"]
    + [str(n) for n in range(30, 96)]
    + ["971", "972", "973", "974", "976"]
)
"""INSEE codes in order. A département's place here is its number in grids and features."""


@cache
def load_polygons() -> NDArray[np.object_]:
    """One prepared shapely MultiPolygon (longitude, latitude) for each of ``CODES``."""
    with (files(__package__) / "polygons.npz").open("rb") as file, np.load(file) as stored:
        coordinates = np.cumsum(stored["steps"], axis=0, dtype=np.int64) / UNITS_PER_DEGREE
        offsets = tuple(stored[name].astype(np.int64) for name in ("rings", "parts", "wholes"))
    geometries: NDArray[np.object_] = shapely.from_ragged_array(
        shapely.GeometryType.MULTIPOLYGON, coordinates, offsets
    )
    shapely.prepare(geometries)
    return geometries


def pack_polygons(geometries: NDArray[np.object_]) -> dict[str, NDArray[Any]]:
    """The arrays of ``polygons.npz``: whole steps from point to point, and where things end."""
    _, coordinates, offsets = shapely.to_ragged_array(geometries)
    whole = np.round(coordinates * UNITS_PER_DEGREE).astype(np.int32)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), np.int32))
    names = ("rings", "parts", "wholes")
    packed = {name: np.asarray(o, np.int32) for name, o in zip(names, offsets, strict=True)}
    return {"steps": steps, **packed}
