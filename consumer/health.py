"""``/metrics``, ``/livez`` and ``/readyz`` on one port."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from consumer.errors import PortInUseError

Answer = tuple[int, str, bytes]
"""Status, content type, body."""

PLAIN = "text/plain; charset=utf-8"
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def answers(
    metrics: Callable[[], bytes], alive: Callable[[], bool], problems: Callable[[], list[str]]
) -> dict[str, Callable[[], Answer]]:
    """What each path answers. Ready and live say 200 or 503, and why not."""

    def livez() -> Answer:
        return (200, PLAIN, b"live\n") if alive() else (503, PLAIN, b"a worker process hangs\n")

    def readyz() -> Answer:
        found = problems()
        body = "\n".join(found) or "ready"
        return (503 if found else 200), PLAIN, f"{body}\n".encode()

    return {
        "/metrics": lambda: (200, PROMETHEUS, metrics()),
        "/livez": livez,
        "/readyz": readyz,
    }


@contextmanager
def serving(port: int, paths: dict[str, Callable[[], Answer]], host: str = "") -> Iterator[int]:
    """Serve while this lasts; the port (0 chooses a free one).

    Raises:
        PortInUseError: somebody else listens there.
    """

    class Paths(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = paths.get(self.path.partition("?")[0])
            status, kind, body = answer() if answer else (404, PLAIN, b"not here\n")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Probes come every second: not worth a line each."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = True

    try:
        server = Server((host, port), Paths)
    except OSError as error:
        raise PortInUseError(
            f"port {port} cannot be listened on: {error.strerror}; choose another with --port"
        ) from error
    with server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
