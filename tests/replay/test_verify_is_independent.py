"""Verify proves the certificate from the other side, so it must not know the runs."""

import subprocess
import sys


def test_verify_imports_nothing_that_knows_the_runs() -> None:
    code = (
        "import sys, replay.verify;"
        "print([n for n in sys.modules if n in ('ledger.runs', 'ledger.in_force', 'replay.plan')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
