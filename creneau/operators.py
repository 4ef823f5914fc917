"""Who decides: what the ledger keeps as ``by``."""

import getpass
import os
import socket


def operator_name() -> str:
    """user@host of whoever runs this command."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that has no name.
        user = f"uid-{os.getuid()}"
    return f"{user}@{socket.gethostname()}"
