"""Serve the emulator; runs in the emulator's own environment, not in ours.

``python -I emulator_server.py PORT FOLDER [PARENT]``: with the process id of a parent, the server
ends as soon as that process is gone, however it went.
"""

import os
import sys
import threading
import time

_POLL_SECONDS = 0.5


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    os._exit(1)


def main() -> None:
    port, folder, *parent = sys.argv[1:]
    if parent:
        threading.Thread(target=_end_with, args=(int(parent[0]),), daemon=True).start()
    from local_bigquery import cli  # type: ignore[import-not-found]

    # Its gRPC port is not used by us: 0 lets the system choose.
    cli.main(
        ["serve", "--host", "127.0.0.1", "--port", port, "--grpc-port", "0", "--data-dir", folder]
    )


if __name__ == "__main__":
    main()
