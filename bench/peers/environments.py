"""An environment for each Python peer: a venv of its own from a hashed lock, made on first use.

It lies in ``.bench/`` of the checkout under its lock's digest, so that another lock makes another.
A peer is run as a module of this checkout: it sees our sources, but none of our packages.
"""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
CACHE: Final = ROOT / ".bench"
LOCKS: Final = Path(__file__).with_name("locks")


class PeerUnusableError(Exception):
    """What a peer needs could not be made; the message says what and where to look."""


def python_of(peer: str) -> Path:
    """The interpreter of ``peer``'s environment.

    Raises:
        PeerUnusableError: it cannot be installed.
    """
    lock = LOCKS / f"{peer}.txt"
    place = CACHE / f"{peer}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    python, done = place / "bin" / "python", place / "installed"
    if not done.exists():
        print(f"{peer}: making its environment in {place}", flush=True)
        pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(peer, [sys.executable, "-m", "venv", "--clear", place])
        run(peer, [python, *pip, "--require-hashes", "-r", lock])
        done.touch()
    return python


def run(peer: str, command: list[str | Path]) -> None:
    """Run one step of making what a peer needs.

    Raises:
        PeerUnusableError: it failed; its last line is told.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "(it said nothing)").splitlines()[-1]
        raise PeerUnusableError(
            f"{peer}: {Path(command[0]).name} failed ({last[:200]}); check the network and the "
            f"disk, then run it again: {' '.join(map(str, command))}"
        )
