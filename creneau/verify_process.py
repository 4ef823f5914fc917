"""One process of ``creneau replay verify``, which looks at its share of a certificate.

``python -m creneau.verify_process CERTIFICATE NUMBER OF``: after each batch of events it writes a
line with what it has found so far, as JSON; the last line is all of it, or why it could not go on.
"""

import os
import signal
import sys
from pathlib import Path

import msgspec

from replay.verify import Share, Verification, verify


class Told(msgspec.Struct, omit_defaults=True):
    """A line. ``error``: what keeps the process from going on, in one line for a person."""

    found: Verification = msgspec.field(default_factory=Verification)
    error: str | None = None


def main() -> int:
    """Look; the exit code."""
    from broker.pool_process import report_to_the_pool, when_the_pool_ends
    from creneau.replays import Replays
    from creneau.settings import load_settings
    from ledger.reader import read_ledger
    from producer_contract.errors import CreneauError
    from replay.canonical import read_certificate

    # A Ctrl-C reaches the whole foreground group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # It only reads, so it may end anywhere.
    when_the_pool_ends(lambda: os._exit(1))
    path, number, of = sys.argv[1:]

    def tell(told: Told) -> None:
        report_to_the_pool(msgspec.json.encode(told) + b"\n")

    try:
        replays = Replays(load_settings())
        # Live scoring on the same machine goes first.
        os.nice(replays.replay.niceness)
        found = verify(
            replays.kafka,
            read_certificate(Path(path)),
            read_ledger(replays.kafka),
            replays.archive,
            share=Share(int(number), int(of)),
            so_far=lambda found: tell(Told(found)),
        )
    except CreneauError as error:
        tell(Told(error=str(error)))
        return error.exit_code
    tell(Told(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
