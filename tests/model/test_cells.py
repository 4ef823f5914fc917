"""Cells are what a binary search finds, whatever the edges and the values."""

from typing import NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from model.cells import BUCKETS, MANY, Cells

Floats = NDArray[np.float64]

LINE = np.linspace(-90.0, 90.0, 181)
EDGES: dict[str, Floats] = {
    "none": np.empty(0),
    "one": np.array([3.5]),
    "two": np.array([-1.0, 1.0]),
    "on a line": LINE,
    "more than buckets": np.linspace(0.0, 1.0, 2 * BUCKETS),
    "a crowd and a hermit": np.append(np.linspace(1.0, 1.0 + 1e-9, 100), 1e6),
    "a few close together": np.append(np.linspace(1.0, 1.0 + 1e-9, 10), 1e6),
    "categories": np.unique(np.concatenate([LINE, np.nextafter(LINE, -np.inf)])),
    "neighbours": np.array([1.0, np.nextafter(1.0, 2.0)]),
    "next to nothing": np.array([-5e-324, 0.0, 5e-324]),
    "as far apart as numbers go": np.array([-1.7e308, 0.0, 1.7e308]),
    "far apart": np.array([-8e307, -1.0, 0.0, 8e307]),
    "from infinity": np.array([-np.inf]),
    "from infinity on": np.array([-np.inf, 1.0, 2.0]),
}
ODD = (np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, 1.7e308, -1.7e308, 0.5)


def values_around(edges: Floats) -> Floats:
    """On each edge, just beside it, halfway to the next, and out of this world."""
    with np.errstate(over="ignore"):
        beside = [np.nextafter(edges, way) for way in (-np.inf, np.inf)]
    between = edges[:-1] / 2 + edges[1:] / 2
    values = np.concatenate([edges, *beside, between, ODD])
    return np.resize(values, max(len(values), MANY))


def assert_as_a_binary_search(edges: Floats) -> None:
    ascending = np.append(edges, np.inf)
    values = values_around(edges)
    assert_array_equal(Cells(ascending).of(values), ascending.searchsorted(values))
    assert_array_equal(Cells(ascending).of(values[:20]), ascending.searchsorted(values[:20]))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("edges", EDGES.values(), ids=EDGES)
def test_cells_are_what_a_binary_search_finds(edges: Floats) -> None:
    assert_as_a_binary_search(edges)


@pytest.mark.parametrize("name", ["two", "on a line", "categories", "far apart"])
def test_few_edges_in_a_bucket_need_no_search(name: str) -> None:
    class Unsearched(np.ndarray):
        def searchsorted(self, *_: object, **__: object) -> NoReturn:
            raise AssertionError("searched")

    ascending = np.append(EDGES[name], np.inf)
    values = values_around(EDGES[name])
    assert_array_equal(Cells(ascending.view(Unsearched)).of(values), ascending.searchsorted(values))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=60))
def test_so_they_are_for_any_edges(edges: list[float]) -> None:
    assert_as_a_binary_search(np.unique(np.array(edges, np.float64)))


@given(st.lists(st.integers(-1_000, 1_000), max_size=200), st.integers(-12, 3))
def test_so_they_are_for_crowded_edges(whole: list[int], scale: int) -> None:
    assert_as_a_binary_search(np.unique(np.array(whole, np.float64)) * 10.0**scale)
