"""From lessons of the past to a calibrated classifier."""

from typing import Any, Final, NamedTuple

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator

from model.dataset import Lessons
from model.errors import TrainingDataUnreadable
from model.threads import one_thread

CALIBRATE_FROM: Final = 0.6
TEST_FROM: Final = 0.8
"""Shares of the time order: a model is calibrated and judged on what came after its training."""

FEWEST: Final = 500
"""Fewer lessons say nothing about a model."""


class Split(NamedTuple):
    """Lessons by time: the oldest to fit on, the next to calibrate on, the newest to judge by."""

    train: Lessons
    calibrate: Lessons
    test: Lessons


def split(lessons: Lessons) -> Split:
    """Cut lessons by ``created_at``.

    Raises:
        TrainingDataUnreadable: too few, or a part in which all or none were booked.
    """
    if len(lessons) < FEWEST:
        raise TrainingDataUnreadable(
            f"{len(lessons)} lessons are too few to train and judge a model; give {FEWEST} or more"
        )
    parts = Split(
        lessons.part(0.0, CALIBRATE_FROM),
        lessons.part(CALIBRATE_FROM, TEST_FROM),
        lessons.part(TEST_FROM, 1.0),
    )
    for name, part in zip(Split._fields, parts, strict=True):
        if np.unique(part.booked).size < 2:
            raise TrainingDataUnreadable(
                f"of the lessons to {name} with, all or none were booked; "
                "check that bookings.csv belongs to lessons.csv"
            )
    return parts


def fit(parts: Split, seed: int = 0) -> Any:
    """A fitted ``CalibratedClassifierCV`` over ``FEATURE_NAMES``; same lessons, same seed, same
    model. Seconds for 100,000 lessons.

    Sigmoid, not isotonic: boosting on log loss is nearly calibrated already, and steps would make
    many different slots equal.
    """
    trees = HistGradientBoostingClassifier(
        learning_rate=0.08,
        max_iter=100,
        max_leaf_nodes=31,
        min_samples_leaf=50,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )
    with one_thread():
        trees.fit(parts.train.matrix, parts.train.booked)
        return CalibratedClassifierCV(FrozenEstimator(trees), method="sigmoid").fit(
            parts.calibrate.matrix, parts.calibrate.booked
        )
