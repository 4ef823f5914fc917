"""Free ports for brokers."""

import random
import socket
from typing import Final

from producer_contract.testing.errors import PortInUseError

HOST: Final = "127.0.0.1"
# Below the ports that Linux (32768 up) and macOS (49152 up) give to outgoing connections: there a
# client that reconnects to a dead broker may take the broker's port from it, or connect to itself.
_RANGE: Final = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """True when a server could listen on this port of the loopback interface now."""
    with socket.socket() as probe:
        # As the JVM does: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def is_listening(port: int) -> bool:
    """True when something accepts connections on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def free_ports(count: int) -> list[int]:
    """``count`` different ports that are free now; nothing keeps them so."""
    found: list[int] = []
    for port in random.sample(_RANGE, len(_RANGE)):
        if is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise PortInUseError(f"no {count} free ports between {_RANGE.start} and {_RANGE.stop}")
