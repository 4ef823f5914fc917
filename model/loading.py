"""Loading in the background, so that a store that never answers holds nobody up."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

from producer_contract.errors import UnavailableError

LOAD_SECONDS: Final = 120.0
"""How long a load may take before it counts as failed: a large artifact over a slow line is there
in a fraction of this; a connection that hangs never is."""

T = TypeVar("T")


class LoadTooSlowError(UnavailableError):
    """The store has not given a model in time; it may yet."""


def begin(load: Callable[[], T], name: str) -> "Future[T]":
    """Run ``load`` in a thread of its own, which keeps neither the next load nor the end of the
    process waiting. Whoever gives the future up leaves the thread to itself."""
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(load())
        except BaseException as error:  # told to whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=work, name=f"load {name}", daemon=True).start()
    return future


def within(seconds: float, load: Callable[[], T], name: str) -> T:
    """What ``load`` gives.

    Raises:
        LoadTooSlowError: it has not come in ``seconds``. What ``load`` raises passes through.
    """
    future = begin(load, name)
    try:
        return future.result(timeout=seconds)
    except TimeoutError:
        if not future.done():
            raise too_slow(name, seconds) from None
    return future.result()  # it came at the last moment, or the error is the load's own


def too_slow(name: str, seconds: float) -> LoadTooSlowError:
    """What is said of a load that has not come."""
    return LoadTooSlowError(
        f"model '{name}' has not loaded within {seconds:.0f} s: does the model store answer?"
    )
