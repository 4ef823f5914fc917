"""An executor process that stops itself at a precise point of a chunk's transaction, once.

Run by tests: ``python -m tests.heart.held_executor WHERE FILE``, where WHERE is ``halfway`` (some
of the chunk's outputs are on the log) or one of ``tests.consumer.held_worker``. FILE is made when
it is there; then the process stops itself as SIGSTOP does.
"""

import sys
from pathlib import Path
from typing import Any

from tests.consumer.held_worker import HeldSession

HALFWAY = 10
"""Outputs: fewer than the chunks of the tests hold."""


class HeldInChunk(HeldSession):
    """Stops once, in the first chunk."""

    def produce(self, *args: Any, **keywords: Any) -> None:
        super().produce(*args, **keywords)
        if HeldSession._produced == HALFWAY:
            self._hold("halfway")


if __name__ == "__main__":
    import replay.chunk_writer
    from creneau.executor_process import main

    HeldSession.where = sys.argv[1]
    HeldSession.file = Path(sys.argv[2])
    replay.chunk_writer.TransactionalSession = HeldInChunk  # type: ignore[attr-defined]
    sys.exit(main())
