"""Serve the emulator from its container image, in the manner of ``emulator_server.py``.

``python -I emulator_container.py PORT FOLDER [PARENT]``: the container ends with this process, and
with a parent's process id as soon as that is gone, however it went. FOLDER is not used: the image
writes as root, so the tables stay in the container, and go with it.
"""

import os
import signal
import subprocess
import sys
import time

from creneau.sandbox.emulator_image import IMAGE

_POLL_SECONDS = 0.5
_INSIDE = 9050
"""The image's port of the REST interface."""


def _end(*_: object) -> None:
    raise SystemExit(0)


def main() -> int:
    port, _, *parent = sys.argv[1:]
    name = f"creneau-bigquery-{os.getpid()}-{port}"
    signal.signal(signal.SIGTERM, _end)
    running = subprocess.Popen(
        [
            *("docker", "run", "--rm", "--init", "--pull", "never", "--name", name),
            *("--publish", f"127.0.0.1:{port}:{_INSIDE}", IMAGE),
        ]
    )
    try:
        while running.poll() is None:
            if parent and os.getppid() != int(parent[0]):
                return 1
            time.sleep(_POLL_SECONDS)
        return running.returncode
    finally:
        # The command's end is not the container's: a killed one leaves it running.
        subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=False)
        running.wait()


if __name__ == "__main__":
    sys.exit(main())
