"""How many points a second get their département, in bulk, in one thread.

``python -m bench.departements [--points 1000000] [--rounds 5] [--json FILE]``

Points by kind and in the mix that a day brings: nearly all around meeting points of the synthetic
market (town and country, overseas too), some on borders, some on quays off a coast, a few at sea
and abroad. Seconds are the processor's; the fastest of the rounds counts. So many points at once
are all looked for: nothing is remembered from round to round (``MOST_KNOWN``).
"""

import argparse
import json
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from bench.scoring import fastest_seconds
from creneau.sandbox.market import make_market
from model.departements import locate
from model.departements.coast import outer_edges
from model.departements.polygons import load_polygons

MIX: Final = {
    "around meeting points": 0.90,
    "on borders": 0.05,
    "off coasts and frontiers": 0.03,
    "at sea and abroad": 0.02,
}
AROUND: Final = 0.02
"""Standard deviation of a point around its meeting point, in degrees: two kilometres."""
BESIDE: Final = 0.001
"""Of one beside a border: a hundred metres."""
OFF: Final = 0.01
"""Of one off a coast or frontier: a kilometre."""

Points = NDArray[np.float64]


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    kinds = {name: points_of(name, rng, options.points) for name in MIX}
    rates = {name: rate(points, options.rounds) for name, points in kinds.items()}
    rates["the mix"] = rate(mixed(kinds, rng), options.rounds)
    for name, per_second in rates.items():
        share = f"{MIX[name]:4.0%}" if name in MIX else ""
        print(f"{name:26} {share:4} {per_second:12,.0f} points/s")
    if options.json is not None:
        options.json.write_text(json.dumps(rates, indent=1) + "\n", "utf-8")


def points_of(kind: str, rng: np.random.Generator, n: int) -> Points:
    """n points of a kind: (n, 2), latitude and longitude."""
    match kind:
        case "around meeting points":
            points = make_market(1).points
            return scattered(np.column_stack([points.latitude, points.longitude]), AROUND, rng, n)
        case "on borders":
            corners = shapely.get_coordinates(load_polygons())[:, ::-1]
            return scattered(corners, BESIDE, rng, n)
        case "off coasts and frontiers":
            return scattered(outer_edges()[0][:, [1, 0]], OFF, rng, n)
        case _:
            return np.column_stack([rng.uniform(36, 60, n), rng.uniform(-15, 20, n)])


def scattered(centres: Points, spread: float, rng: np.random.Generator, n: int) -> Points:
    """n points around centres drawn at random."""
    chosen = centres[rng.integers(0, len(centres), n)]
    return np.asarray(chosen + rng.normal(0, spread, (n, 2)))


def mixed(kinds: dict[str, Points], rng: np.random.Generator) -> Points:
    """The kinds in the shares of ``MIX``, in random order."""
    parts = [points[: round(MIX[name] * len(points))] for name, points in kinds.items()]
    return rng.permutation(np.concatenate(parts))


def rate(points: Points, rounds: int) -> float:
    """Points per second of processor time."""
    latitudes, longitudes = np.ascontiguousarray(points.T)
    return len(points) / fastest_seconds(lambda: locate(latitudes, longitudes), rounds)


if __name__ == "__main__":
    main()
