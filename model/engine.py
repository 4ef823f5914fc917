"""The classifier as the worker knows it: a matrix of features in, probabilities out."""

import threading
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits


class Classifier(Protocol):
    """What we need of scikit-learn; any pipeline that ends in a classifier has it."""

    classes_: NDArray[np.generic]

    def predict_proba(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2): the probabilities of not booked and of booked."""
        ...


class Engine:
    """A loaded model, of one version and digest. May be used from several threads."""

    def __init__(
        self, classifier: Classifier, *, version: str, digest: str, features_version: int
    ) -> None:
        self.version = version
        self.digest = digest
        self.features_version = features_version
        self._classifier = classifier

    def probabilities(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability that each of n slots gets booked: (n, k) → (n).

        Raises whatever the classifier raises: a pipeline from a notebook may refuse a row.
        """
        _use_one_thread()
        return np.asarray(self._classifier.predict_proba(matrix), np.float64)[:, 1]


_thread = threading.local()


def _use_one_thread() -> None:
    """Keep OpenMP to one thread from here on in this thread.

    Workers are processes, one per core: threads of their own only make them wait for each other.
    OpenMP keeps the number per thread, and setting it takes 3 ms: so once in each.
    """
    if not getattr(_thread, "limited", False):
        threadpool_limits(limits=1, user_api="openmp")
        _thread.limited = True
