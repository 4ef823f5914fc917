"""New sessions after lost ones, under the same transactional id, for as long as it is ours."""

import time
from collections.abc import Callable

import structlog

from broker.backoff import Backoff
from broker.session import SessionFenced, SessionLost, TransactionalSession
from producer_contract.errors import UnavailableError

_LOG = structlog.get_logger()

FENCED_TOO_OFTEN = 5
"""Fenced so many times in a row, somebody else is using our name."""


class IdentityTakenError(UnavailableError):
    """Another process goes on taking our transactional id over."""


class Recycling:
    """Makes the sessions of one id: a new one settles the fate of the old one's transaction."""

    def __init__(self, make: Callable[[], TransactionalSession]) -> None:
        self._make = make
        self._fenced = 0

    def proved(self) -> None:
        """A transaction was committed: the id is ours."""
        self._fenced = 0

    def after(self, lost: SessionLost, transactional_id: str) -> TransactionalSession:
        """The session after a lost one. Whoever was fenced waits first, longer each time.

        Raises:
            IdentityTakenError: fenced ``FENCED_TOO_OFTEN`` times without one commit between.
            UnavailableError: as the session itself.
        """
        while True:
            self._fenced += isinstance(lost, SessionFenced)
            if self._fenced >= FENCED_TOO_OFTEN:
                raise IdentityTakenError(
                    f"another process goes on taking over the transactional id "
                    f"'{transactional_id}'; give each machine or folder a name of its own: "
                    "CRENEAU_INSTANCE"
                ) from lost
            _LOG.warning("session lost, making a new one", why=str(lost))
            time.sleep(Backoff().delay(self._fenced) if self._fenced else 0.0)
            try:
                return self._make()
            except SessionFenced as again:
                lost = again
