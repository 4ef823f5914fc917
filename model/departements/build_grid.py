"""Make ``grid.npz`` (and, given the source, ``polygons.npz``) again; after islets.json changes too.

``python -m model.departements.build_grid [DEPARTEMENTS.geojson]``
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from model.departements.coast import KM_PER_DEGREE, LIMIT_KM, edges_and_islets
from model.departements.grid import CELLS_PER_DEGREE, FIRST_SET, NOWHERE, Grid
from model.departements.polygons import CODES, load_polygons, pack_polygons

MAINLAND: Final = len(CODES) - 5
MARGIN: Final = 8
"""Cells around each box: more than ``LIMIT_KM`` anywhere in France."""
TOUCH: Final = 1e-9
"""Degrees by which a cell is widened, so that no rounding at its edge can matter."""


def build_grid() -> Grid:
    """The grid of the packaged polygons; takes some seconds."""
    polygons = load_polygons()
    edges, owners = edges_and_islets(polygons)
    sets: dict[tuple[int, ...], int] = {(): 0}
    boxes, cells = [], []
    groups = [range(MAINLAND), *([n] for n in range(MAINLAND, len(CODES)))]
    for group in groups:
        mine = np.isin(owners, group)
        box = _box_around(edges[mine])
        boxes.append(box)
        cells.append(_cells(box, list(group), polygons, edges[mine], owners[mine], sets))
    sizes = [len(each) for each in cells]
    return Grid(
        boxes=np.array(boxes, np.int64),
        starts=np.cumsum([0, *sizes[:-1]], dtype=np.int64),
        cells=np.concatenate(cells),
        members=np.array([member for each in sets for member in each], np.int64),
        ends=np.cumsum([0, *(len(each) for each in sets)], dtype=np.int64),
    )


def _box_around(edges: NDArray[np.float64]) -> tuple[int, int, int, int]:
    xs, ys = edges[:, [0, 2]] * CELLS_PER_DEGREE, edges[:, [1, 3]] * CELLS_PER_DEGREE
    west, south = int(np.floor(xs.min())) - MARGIN, int(np.floor(ys.min())) - MARGIN
    east, north = int(np.floor(xs.max())) + MARGIN, int(np.floor(ys.max())) + MARGIN
    return west, south, east - west + 1, north - south + 1


def _cells(
    box: tuple[int, int, int, int],
    group: list[int],
    polygons: NDArray[np.object_],
    edges: NDArray[np.float64],
    owners: NDArray[np.int64],
    sets: dict[tuple[int, ...], int],
) -> NDArray[np.int16]:
    west, south, width, height = box
    touched = _touched(box, edges, owners)
    centre_x = (np.arange(width) + west + 0.5) / CELLS_PER_DEGREE
    centre_y = (np.arange(height) + south + 0.5) / CELLS_PER_DEGREE
    content = np.zeros((height, width), np.int16)
    # Where no edge passes, the centre speaks for the whole cell.
    for number in group:
        left, low, right, high = shapely.bounds(polygons[number])
        columns = np.flatnonzero((centre_x >= left) & (centre_x <= right))
        rows = np.flatnonzero((centre_y >= low) & (centre_y <= high))
        x, y = np.meshgrid(centre_x[columns], centre_y[rows])
        inside = shapely.contains_xy(polygons[number], x.ravel(), y.ravel()).reshape(x.shape)
        view = content[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        view[inside] = number + 1
    flat = content.ravel()
    near = _around(touched, width, height) & (flat == NOWHERE)
    flat[near] = FIRST_SET
    for place, numbers in touched.items():
        key = tuple(sorted(numbers))
        flat[place] = FIRST_SET + sets.setdefault(key, len(sets))
    return flat


def _touched(
    box: tuple[int, int, int, int], edges: NDArray[np.float64], owners: NDArray[np.int64]
) -> dict[int, set[int]]:
    """The cells that an edge passes through, and whose edges those are."""
    west, south, width, _ = box
    low = np.floor((np.minimum(edges[:, :2], edges[:, 2:]) - TOUCH) * CELLS_PER_DEGREE)
    high = np.floor((np.maximum(edges[:, :2], edges[:, 2:]) + TOUCH) * CELLS_PER_DEGREE)
    low, high = low.astype(np.int64), high.astype(np.int64)
    wide, tall = (high - low + 1).T
    counts = wide * tall
    which = np.repeat(np.arange(len(edges)), counts)
    within = np.arange(which.size) - np.repeat(np.cumsum(counts) - counts, counts)
    column = low[which, 0] + within % wide[which]
    row = low[which, 1] + within // wide[which]
    lines = shapely.linestrings(edges.reshape(-1, 2, 2))
    squares = shapely.box(
        column / CELLS_PER_DEGREE - TOUCH,
        row / CELLS_PER_DEGREE - TOUCH,
        (column + 1) / CELLS_PER_DEGREE + TOUCH,
        (row + 1) / CELLS_PER_DEGREE + TOUCH,
    )
    passes = shapely.intersects(lines[which], squares)
    places = (row - south) * width + column - west
    touched: dict[int, set[int]] = {}
    for place, owner in zip(places[passes].tolist(), owners[which[passes]].tolist(), strict=True):
        touched.setdefault(place, set()).add(owner)
    return touched


def _around(touched: dict[int, set[int]], width: int, height: int) -> NDArray[np.bool_]:
    """The cells from which an edge may be within ``LIMIT_KM``."""
    mask = np.zeros((height, width), bool)
    mask.ravel()[list(touched)] = True
    up = int(np.ceil(LIMIT_KM / KM_PER_DEGREE * CELLS_PER_DEGREE)) + 1
    aside = int(np.ceil(LIMIT_KM / (KM_PER_DEGREE * np.cos(np.radians(51.2))) * CELLS_PER_DEGREE))
    for axis, reach in ((0, up), (1, aside + 1)):
        grown = mask.copy()
        for step in range(1, reach + 1):
            grown |= np.roll(mask, step, axis) | np.roll(mask, -step, axis)
        mask = grown
    return mask.ravel()


def main(source: Path | None) -> None:
    """Write the files beside this one."""
    here = Path(__file__).parent
    if source is not None:
        features = json.loads(source.read_text("utf-8"))["features"]
        found = {f["properties"]["code"]: json.dumps(f["geometry"]) for f in features}
        geometries = shapely.from_geojson([found[code] for code in CODES])
        packed: Any = pack_polygons(geometries)
        np.savez_compressed(here / "polygons.npz", **packed)
        load_polygons.cache_clear()
    grid = build_grid()
    arrays: Any = {name: getattr(grid, name) for name in Grid.__slots__}
    np.savez_compressed(here / "grid.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
