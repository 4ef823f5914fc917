"""What the demo does beside its story gives way to it."""

import os
import subprocess
import sys
from pathlib import Path

from creneau.sandbox.processes import BEHIND, give_way


def test_a_process_that_gives_way_and_its_session_are_behind_the_others() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with subprocess.Popen(command, start_new_session=True) as child:
        try:
            give_way(child.pid)
            assert os.getpriority(os.PRIO_PROCESS, child.pid) == BEHIND
            weighed = Path(f"/proc/{child.pid}/autogroup")
            if weighed.exists() and weighed.read_text("ascii").strip():
                assert weighed.read_text("ascii").split()[-1] == str(BEHIND)
        finally:
            child.kill()


def test_a_process_that_has_gone_is_no_error() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], start_new_session=True) as child:
        child.wait()
    give_way(child.pid)
