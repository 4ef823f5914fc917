"""A worker process whose transactions often fail at the commit.

Run by tests: ``python -m tests.consumer.failing_worker``. Of every five commits one loses its
session before the commit, one after it (the answer got lost), and one is aborted.
"""

import sys
from typing import NoReturn

from confluent_kafka import KafkaError

import consumer.worker
from broker.session import SessionLost, TransactionAborted, TransactionalSession
from creneau.cli.worker import _process

FAILED = KafkaError(KafkaError._FAIL, "made to fail by a test")


class FailingSession(TransactionalSession):
    """Fails as the real one does; counts over all sessions of the process."""

    commits = 0

    def commit(self) -> None:
        FailingSession.commits += 1
        assert self._producer.flush(10) == 0
        match FailingSession.commits % 5:
            case 1:
                self.lose()
            case 2:
                super().commit()
                self.lose()
            case 3:
                # A commit that works comes next: what is not read again now would be skipped.
                self.abort()
                raise TransactionAborted(FAILED, "committing")
            case _:
                super().commit()

    def lose(self) -> NoReturn:
        self._release()
        raise SessionLost(FAILED, "committing")


if __name__ == "__main__":
    consumer.worker.TransactionalSession = FailingSession  # type: ignore[misc]
    sys.exit(_process())
