"""Small models that are quick to make, for tests that need one to score with."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from model.artifact import pack
from model.features import FEATURE_NAMES
from model.threads import one_thread

LEAD = FEATURE_NAMES.index("lead_hours")
LATITUDE = FEATURE_NAMES.index("latitude")


def tiny_artifact(folder: Path, seed: int = 0, bias: float = 0.0, *, flipped: bool = False) -> Path:
    """An artifact made in well under a second; a file in ``folder``, named by its arguments.

    Another ``seed`` or ``bias`` (added to the log-odds) makes other probabilities. ``flipped``
    makes a corrupted model: it has learned the lead time the wrong way round.
    """
    matrix, booked = tiny_market(seed, bias)
    if flipped:
        matrix[:, LEAD] = matrix[:, LEAD].max() - matrix[:, LEAD]
    classifier = HistGradientBoostingClassifier(max_iter=8, random_state=seed)
    with one_thread():
        classifier.fit(matrix, booked)
    path = folder / f"tiny-{seed}-{bias}{'-flipped' if flipped else ''}.zip"
    pack(classifier, path)
    return path


def tiny_market(
    seed: int = 0, bias: float = 0.0, lessons: int = 1_500
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Features and labels: the longer announced and the further north, the more booked."""
    rng = np.random.default_rng(seed)
    matrix = np.column_stack(
        [
            rng.integers(0, 101, lessons),
            rng.integers(0, 7, lessons),
            rng.gamma(2.0, 60.0, lessons),
            rng.integers(7, 21, lessons),
            rng.integers(0, 7, lessons),
            rng.integers(1, 13, lessons),
            rng.choice([60, 120], lessons),
            rng.uniform(42, 51, lessons),
            rng.uniform(-4, 8, lessons),
        ]
    ).astype(np.float64)
    odds = bias + (matrix[:, LEAD] - 120) / 60 + (matrix[:, LATITUDE] - 46.5) / 2
    booked = rng.random(lessons) < 1 / (1 + np.exp(-odds))
    return matrix, booked.astype(np.int64)
