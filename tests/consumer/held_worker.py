"""A worker process that stops itself at a precise point of a transaction, once.

Run by tests: ``python -m tests.consumer.held_worker WHERE FILE [SECONDS]``. WHERE is ``produced``
(outcomes are on the log, offsets not yet sent) or ``offsets-sent`` (only the commit is missing).
FILE is made when it is there; then the process stops itself as SIGSTOP does. SECONDS is how long
the broker lets its transactions live.
"""

import os
import signal
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import TopicPartition

from broker.session import TransactionalSession
from creneau.cli.worker import _process


class HeldSession(TransactionalSession):
    """Stops once, in the first transaction that has outcomes."""

    where = ""
    file = Path()
    _produced = 0

    def produce(self, *args: Any, **keywords: Any) -> None:
        HeldSession._produced += 1
        super().produce(*args, **keywords)

    def produce_all(self, topic: str, *columns: Iterable[Any]) -> None:
        for partition, key, value in zip(*columns, strict=False):
            self.produce(topic, partition, key=key, value=value)

    def send_offsets(self, offsets: Sequence[TopicPartition], group_metadata: Any) -> None:
        self._hold("produced")
        super().send_offsets(offsets, group_metadata)

    def commit(self) -> None:
        self._hold("offsets-sent")
        super().commit()

    def _hold(self, here: str) -> None:
        if here != self.where or not HeldSession._produced or self.file.exists():
            return
        assert self._producer.flush(10) == 0
        self.file.touch()
        os.kill(os.getpid(), signal.SIGSTOP)


if __name__ == "__main__":
    import broker.session
    import consumer.worker

    HeldSession.where = sys.argv[1]
    HeldSession.file = Path(sys.argv[2])
    if len(sys.argv) > 3:
        broker.session.TRANSACTION_TIMEOUT = float(sys.argv[3])
    consumer.worker.TransactionalSession = HeldSession  # type: ignore[misc]
    sys.exit(_process())
