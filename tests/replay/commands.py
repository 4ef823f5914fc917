"""Running ``creneau`` commands in a world, as a user does."""

import json
import subprocess
import sys
from typing import Any

from tests.replay.world import ReplayWorld

CRENEAU = [sys.executable, "-c", "from creneau.cli.main import main; main()"]


def creneau(world: ReplayWorld, *words: str, code: int = 0, **settings: str) -> str:
    """Run a command to its end; its standard output. Its exit code must be ``code``."""
    done = subprocess.run(
        [*CRENEAU, *words],
        env=world.environment(**settings),
        cwd=world.folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    print(*words, done.stdout, done.stderr, sep="\n")
    assert done.returncode == code, f"creneau {' '.join(words)}: {done.returncode}: {done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stdout + done.stderr


def creneau_json(world: ReplayWorld, *words: str, **settings: str) -> Any:
    """What a command prints with ``--json``."""
    return json.loads(creneau(world, *words, "--json", **settings))
