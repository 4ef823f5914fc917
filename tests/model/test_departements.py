"""Points and their départements."""

import dataclasses

import numpy as np
import pytest
import shapely
from numpy.testing import assert_array_equal

from model.departements import CODES, LIMIT_KM, Located, Method, locate, lookup
from model.departements.build_grid import build_grid
from model.departements.grid import load_grid
from model.departements.polygons import load_polygons


def at(latitude: float, longitude: float) -> tuple[str, Method, float]:
    found = locate(np.array([latitude]), np.array([longitude]))
    return str(found.codes[0]), Method(found.method[0]), float(found.distance_km[0])


def exact(latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    """The first polygon that holds each point, by looking at all of them; -1: none."""
    found = np.full(len(latitudes), -1)
    for number, polygon in reversed(list(enumerate(load_polygons()))):
        found[shapely.intersects_xy(polygon, longitudes, latitudes)] = number
    return found


def inside(located: Located) -> np.ndarray:
    return np.where(located.method == Method.NEAREST, -1, located.numbers)


@pytest.mark.parametrize(
    ("south", "north", "west", "east", "points"),
    [
        (41.0, 51.3, -5.4, 9.8, 60_000),  # the mainland and Corsica
        (48.1, 49.3, 1.4, 3.6, 20_000),  # around Paris: many small ones
        (15.7, 16.6, -61.9, -60.9, 4_000),  # Guadeloupe
        (14.3, 15.0, -61.3, -60.7, 4_000),  # Martinique
        (2.0, 5.9, -54.7, -51.5, 8_000),  # Guyane
        (-21.5, -20.8, 55.1, 55.9, 4_000),  # La Réunion
        (-13.1, -12.5, 44.9, 45.4, 4_000),  # Mayotte
    ],
)
def test_a_random_sample_equals_the_exact_polygons(
    south: float, north: float, west: float, east: float, points: int
) -> None:
    rng = np.random.default_rng(11)
    latitudes = rng.uniform(south, north, points)
    longitudes = rng.uniform(west, east, points)
    assert_array_equal(inside(locate(latitudes, longitudes)), exact(latitudes, longitudes))


def test_points_on_and_beside_borders_equal_the_exact_polygons() -> None:
    rng = np.random.default_rng(12)
    corners = shapely.get_coordinates(load_polygons())
    corners = corners[rng.choice(len(corners), 8_000, replace=False)]
    points = np.vstack([corners, corners + rng.normal(0, 1e-4, corners.shape)])
    latitudes, longitudes = points[:, 1].copy(), points[:, 0].copy()
    assert_array_equal(inside(locate(latitudes, longitudes)), exact(latitudes, longitudes))


def test_points_on_the_edges_of_cells_equal_the_exact_polygons() -> None:
    rng = np.random.default_rng(13)
    latitudes = rng.integers(4240, 5100, 20_000) / 100
    longitudes = rng.integers(-200, 800, 20_000) / 100
    assert_array_equal(inside(locate(latitudes, longitudes)), exact(latitudes, longitudes))


def test_the_grid_is_the_one_that_the_polygons_make() -> None:
    made, kept = build_grid(), load_grid()
    for field in dataclasses.fields(kept):
        assert_array_equal(getattr(kept, field.name), getattr(made, field.name), field.name)


def test_there_are_101_codes_in_order() -> None:
    assert len(CODES) == len(set(CODES)) == 101
    assert list(CODES) == sorted(CODES)


@pytest.mark.parametrize(
    ("latitude", "longitude", "code"),
    [
        (48.8566, 2.3522, "75"),
        (48.892, 2.206, "92"),  # La Défense
        (41.9192, 8.7386, "2A"),
        (42.697, 9.450, "2B"),
        (45.764, 4.8357, "69"),
        (16.2411, -61.533, "971"),
        (14.6037, -61.0731, "972"),
        (4.9372, -52.326, "973"),
        (-20.8789, 55.4481, "974"),
        (-12.7806, 45.2278, "976"),
    ],
)
def test_towns_lie_where_everybody_knows(latitude: float, longitude: float, code: str) -> None:
    found, method, distance = at(latitude, longitude)
    assert found == code
    assert method in (Method.GRID, Method.POLYGON)
    assert distance == 0


@pytest.mark.parametrize(
    ("place", "latitude", "longitude"),
    [
        ("the Atlantic", 46.0, -8.0),
        ("the Channel", 50.0, -1.0),
        ("the Gulf of Lion", 42.8, 4.2),
        ("Monaco", 43.7384, 7.4246),
        ("Monaco's port", 43.7350, 7.4260),
        ("Monaco's Larvotto beach", 43.7455, 7.4345),
        ("Geneva", 46.2044, 6.1432),
        ("Lausanne-Ouchy, on the lake", 46.5065, 6.6260),
        ("Kehl, across the Rhine", 48.5730, 7.8200),
        ("De Panne, on the Belgian beach", 51.1010, 2.5850),
        ("Ventimiglia", 43.7900, 7.6080),
        ("Irún", 43.3380, -1.7890),
        ("Hondarribia", 43.3640, -1.7960),
        ("Portbou", 42.4270, 3.1600),
        ("Andorra la Vella", 42.5063, 1.5218),
        ("Saarbrücken", 49.2402, 6.9969),
        ("Luxembourg", 49.6116, 6.1319),
        ("Albina, Suriname", 5.4980, -54.0560),
        ("Oiapoque, Brazil", 3.8380, -51.8350),
        ("Jersey", 49.1868, -2.1066),
        ("Rome", 41.9028, 12.4964),
        ("null island", 0.0, 0.0),
        ("the north pole", 90.0, 0.0),
    ],
)
def test_the_sea_and_abroad_are_nowhere(place: str, latitude: float, longitude: float) -> None:
    code, method, distance = at(latitude, longitude)
    assert (code, method) == ("", Method.NONE), place
    assert np.isnan(distance)


@pytest.mark.parametrize(
    ("place", "latitude", "longitude", "code"),
    [
        ("Saint-Malo, the end of the mole", 48.6440, -2.0400, "35"),
        ("Dunkirk, the east jetty", 51.0600, 2.3540, "59"),
        ("Le Havre, the entry", 49.4870, 0.0850, "76"),
        ("Cap-d'Ail, beside Monaco", 43.7240, 7.4158, "06"),
        ("Menton, Garavan", 43.7820, 7.5220, "06"),
        ("Évian, on the lake", 46.4050, 6.5900, "74"),
        ("Hendaye, off the beach", 43.3790, -1.7780, "64"),
        ("Cerbère, off the bay", 42.4440, 3.1720, "66"),
        ("Ajaccio, off the citadel", 41.9160, 8.7440, "2A"),
        ("Pointe-à-Pitre, off the port", 16.2290, -61.5400, "971"),
    ],
)
def test_quays_belong_to_the_nearest(
    place: str, latitude: float, longitude: float, code: str
) -> None:
    found, method, distance = at(latitude, longitude)
    assert found == code, place
    if method is Method.NEAREST:
        assert 0 < distance <= LIMIT_KM
    else:
        assert distance == 0


def test_the_distance_to_the_nearest_is_in_kilometres() -> None:
    # Due north of the northernmost point of the mainland, away from Belgium's side.
    polygon = load_polygons()[CODES.index("62")]
    corners = shapely.get_coordinates(polygon)
    longitude, latitude = corners[corners[:, 1].argmax()]
    _, method, distance = at(latitude + 1.0 / 111.195, longitude)
    assert method is Method.NEAREST
    assert 0.5 < distance <= 1.0001
    assert at(latitude + 4.0 / 111.195, longitude)[1] is Method.NONE


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300, -1e300])
def test_what_is_no_point_is_nowhere(bad: float) -> None:
    found = locate(np.array([bad, 48.8566, 48.8566]), np.array([2.3522, bad, 2.3522]))
    assert found.codes.tolist() == ["", "", "75"]
    assert found.method.tolist() == [Method.NONE, Method.NONE, Method.GRID]


def test_no_points_give_no_answers() -> None:
    assert locate(np.empty(0), np.empty(0)).codes.tolist() == []


def borderline() -> tuple[np.ndarray, np.ndarray]:
    """Forty points beside corners of borders: latitudes, longitudes."""
    corners = shapely.get_coordinates(load_polygons())[::2_000][:40]
    return corners[:, 1] + 1e-4, corners[:, 0] + 1e-4


def test_a_point_that_comes_again_is_not_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "_KNOWN", {})
    latitudes, longitudes = borderline()
    first = locate(latitudes, longitudes)
    monkeypatch.setattr(lookup, "_look_closer", None)
    again = locate(latitudes[::-1], longitudes[::-1])
    assert_array_equal(again.numbers, first.numbers[::-1])
    assert_array_equal(again.method, first.method[::-1])
    assert_array_equal(again.distance_km, first.distance_km[::-1])


def test_points_that_come_again_may_stand_among_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    latitudes, longitudes = borderline()
    monkeypatch.setattr(lookup, "_KNOWN", {})
    expected = locate(latitudes, longitudes).numbers
    monkeypatch.setattr(lookup, "_KNOWN", {})
    locate(latitudes[1::2], longitudes[1::2])
    twice = [*range(40), 3, 3]
    assert_array_equal(locate(latitudes[twice], longitudes[twice]).numbers, expected[twice])


@pytest.mark.parametrize("at_once", [1, 7, 40])
def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(lookup, "_KNOWN", {})
    monkeypatch.setattr(lookup, "MOST_KNOWN", 10)
    latitudes, longitudes = borderline()
    near = locate(latitudes, longitudes).method != Method.GRID
    assert near.sum() > 20
    for start in range(0, 40, at_once):
        some = slice(start, start + at_once)
        found = locate(latitudes[some], longitudes[some])
        assert_array_equal(inside(found), exact(latitudes[some], longitudes[some]))
        assert len(lookup._KNOWN) <= 10
