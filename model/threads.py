"""One OpenMP thread, for training and scoring alike.

The second thread gains little and can cost everything: OpenMP's threads spin while they wait for
each other, and on a machine whose cores are busy they mostly wait. Fitting on 60,000 lessons took
1.2 s with one thread and 17–25 s with two, two busy cores for both. Workers are processes, one per
core.
"""

import threading
from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits


def one_thread() -> AbstractContextManager[object]:
    """Within this context, in this thread. Costs some 3 ms."""
    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="openmp")
    return limits


_thread = threading.local()


def stay_on_one_thread() -> None:
    """From here on, in this thread (OpenMP keeps the number per thread). Costs 3 ms once."""
    if not getattr(_thread, "limited", False):
        threadpool_limits(limits=1, user_api="openmp")
        _thread.limited = True
