"""A request to stop that a signal handler can make while the main thread waits for it."""

import threading


class Stopping:
    """Like ``threading.Event``, for signal handlers.

    An ``Event``'s ``set()`` takes the lock that its ``wait()`` holds for a moment. A handler runs
    in the main thread, so a signal in just that moment leaves the thread waiting for itself for
    ever. Here ``set()`` never waits, and another signal may come in its midst.
    """

    def __init__(self) -> None:
        self._set = False
        self._first = threading.Lock()
        """Taken by the first request, in one step: the gate must be opened once only."""
        self._gate = threading.Lock()
        self._gate.acquire()

    def set(self) -> None:
        """Ask to stop; again does nothing."""
        if self._first.acquire(blocking=False):
            self._set = True
            self._gate.release()

    def is_set(self) -> bool:
        """Whether somebody asked to stop."""
        return self._set

    def wait(self, timeout: float) -> bool:
        """Wait for the request, ``timeout`` seconds at most; whether it was made."""
        if not self._set and self._gate.acquire(timeout=timeout):
            self._gate.release()
        return self._set
