"""A question is answered by what is typed after it was asked."""

import os
import pty
import select
import subprocess
import sys

# Asks only once something has been typed, as a question does after a long progress bar.
ASKING = """
import select, sys
from creneau.cli.carrying_out import confirmed
print("waiting", flush=True)
select.select([sys.stdin], [], [])
print(confirmed("go on?"), flush=True)
"""


def test_what_was_typed_before_the_question_does_not_answer_it() -> None:
    keyboard, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", ASKING],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as asking:
        os.close(terminal)
        assert asking.stdout is not None
        assert asking.stderr is not None
        assert asking.stdout.readline() == "waiting\n"
        os.write(keyboard, b"y\n")
        assert select.select([asking.stderr], [], [], 30)[0], "nothing was asked"
        os.write(keyboard, b"n\n")
        said, _ = asking.communicate(timeout=30)
    os.close(keyboard)
    assert said.strip() == "False"
