"""The nearest département of a point outside all of them: quays, moles, moored boats.

Nothing for the open sea, and nothing for the neighbours' side of a frontier: a lesson in Monaco
does not take place in the Alpes-Maritimes, however near they are.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from model.departements.polygons import CODES, load_polygons

LIMIT_KM: Final = 3.0
"""How far from a département's edge a point still counts as its own."""

KM_PER_DEGREE: Final = 111.195
"""One degree of a great circle of the mean Earth (6,371 km)."""

ISLET_HALF: Final = 0.0005
"""Half of an islet's side in degrees, some 50 m."""


@cache
def load_abroad() -> Any:
    """The neighbouring countries as one prepared geometry."""
    rings = json.loads((files(__package__) / "abroad.json").read_text("utf-8"))["rings"]
    abroad = shapely.union_all([shapely.Polygon(ring) for ring in rings.values()])
    shapely.prepare(abroad)
    return abroad


def islet_edges() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The edges of the islets that the polygons leave out, and whose each is."""
    islets = json.loads((files(__package__) / "islets.json").read_text("utf-8"))["islets"]
    owners = [CODES.index(code) for code, places in islets.items() for _ in places]
    x, y = np.array([place for places in islets.values() for place in places.values()]).T
    squares = shapely.box(x - ISLET_HALF, y - ISLET_HALF, x + ISLET_HALF, y + ISLET_HALF)
    edges, which = edges_of(squares)
    return edges, np.array(owners)[which]


def outer_edges() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Edges that belong to one département alone: (n, 4) x1 y1 x2 y2, and whose each is."""
    edges, owners = edges_and_islets(load_polygons())
    ends = np.round(edges * 100_000).astype(np.int64)
    swapped = (ends[:, 0] > ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] > ends[:, 3]))
    ends[swapped] = ends[swapped][:, [2, 3, 0, 1]]
    _, places, counts = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
    alone = counts[places.ravel()] == 1
    return edges[alone], owners[alone]


def edges_of(
    geometries: NDArray[np.object_],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Every edge of every ring: (n, 4) x1 y1 x2 y2, and the number of its geometry."""
    parts, part_of = shapely.get_parts(geometries, return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    points, point_of = shapely.get_coordinates(rings, return_index=True)
    follows = point_of[1:] == point_of[:-1]
    edges = np.hstack([points[:-1], points[1:]])[follows]
    return edges, part_of[ring_of[point_of[:-1][follows]]].astype(np.int64)


def edges_and_islets(
    geometries: NDArray[np.object_],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The same for départements, their islets included."""
    edges, owners = edges_of(geometries)
    small, whose = islet_edges()
    return np.vstack([edges, small]), np.concatenate([owners, whose])


@cache
def _edge_index() -> tuple[NDArray[np.float64], NDArray[np.int64], Any]:
    edges, owners = outer_edges()
    return edges, owners, shapely.STRtree(shapely.linestrings(edges.reshape(-1, 2, 2)))


def nearest(
    latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The nearest département within ``LIMIT_KM`` (-1: none) and its distance in km (NaN: none)."""
    owner = np.full(latitudes.size, -1, np.int64)
    distance = np.full(latitudes.size, np.nan)
    home = np.flatnonzero(~shapely.intersects_xy(load_abroad(), longitudes, latitudes))
    edges, owners, tree = _edge_index()
    x, y = longitudes[home], latitudes[home]
    high = LIMIT_KM / KM_PER_DEGREE
    wide = high / np.cos(np.radians(y))
    point, edge = tree.query(shapely.box(x - wide, y - high, x + wide, y + high))
    km = _distance_km(x[point], y[point], edges[edge])
    # Only the shortest of each point need sorting: of equals, the first of CODES counts.
    shortest = np.full(home.size, np.inf)
    np.minimum.at(shortest, point, km)
    best = np.flatnonzero((km == shortest[point]) & (km <= LIMIT_KM))
    best = best[np.lexsort((owners[edge[best]], point[best]))]
    reached, first = np.unique(point[best], return_index=True)
    owner[home[reached]] = owners[edge[best[first]]]
    distance[home[reached]] = km[best[first]]
    return owner, distance


def _distance_km(
    x: NDArray[np.float64], y: NDArray[np.float64], edges: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Point to edge on the plane tangent at the point: within 3 km the Earth is flat to 1 m."""
    scale = np.cos(np.radians(y))
    ax, ay = (edges[:, 0] - x) * scale, edges[:, 1] - y
    dx, dy = (edges[:, 2] - edges[:, 0]) * scale, edges[:, 3] - edges[:, 1]
    length = dx * dx + dy * dy
    along = -(ax * dx + ay * dy) / np.where(length > 0, length, 1.0)
    along = np.clip(along, 0.0, 1.0)
    nearest_km: NDArray[np.float64] = np.hypot(ax + along * dx, ay + along * dy) * KM_PER_DEGREE
    return nearest_km
