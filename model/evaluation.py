"""How good probabilities are: pure, and the same for a report and for a comparison."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Score:
    """``auc``: 0.5 is chance, 1 is perfect order; ``log_loss`` and ``brier``: lower is better."""

    auc: float
    log_loss: float
    brier: float


@dataclass(frozen=True, slots=True)
class Bin:
    """One point of the reliability curve: of ``count`` slots given about ``predicted``, the share
    ``observed`` was booked."""

    predicted: float
    observed: float
    count: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Two models on the same n lessons; shifts are second minus first."""

    lessons: int
    first: Score
    second: Score
    mean_first: float
    mean_second: float
    mean_shift: float
    mean_absolute_shift: float
    crossed_half: int
    """How many go from below 0.5 to 0.5 or more, or the other way."""


def score_of(probabilities: NDArray[np.float64], booked: NDArray[np.int64]) -> Score:
    """The score of n probabilities against what happened; both outcomes must be among them."""
    return Score(
        auc=float(roc_auc_score(booked, probabilities)),
        log_loss=float(log_loss(booked, probabilities, labels=[0, 1])),
        brier=float(brier_score_loss(booked, probabilities)),
    )


def reliability(probabilities: NDArray[np.float64], booked: NDArray[np.int64]) -> list[Bin]:
    """The reliability curve, over equally many slots a point."""
    order = np.argsort(probabilities, kind="stable")
    return [
        Bin(float(probabilities[part].mean()), float(booked[part].mean()), len(part))
        for part in np.array_split(order, min(BINS, len(order)))
    ]


def difference(
    first: NDArray[np.float64], second: NDArray[np.float64], booked: NDArray[np.int64]
) -> Difference:
    """What changes for the same lessons from one model to another."""
    shift = second - first
    return Difference(
        lessons=len(booked),
        first=score_of(first, booked),
        second=score_of(second, booked),
        mean_first=float(first.mean()),
        mean_second=float(second.mean()),
        mean_shift=float(shift.mean()),
        mean_absolute_shift=float(np.abs(shift).mean()),
        crossed_half=int(((first >= 0.5) != (second >= 0.5)).sum()),
    )
