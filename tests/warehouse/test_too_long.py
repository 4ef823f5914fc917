"""A BigQuery that takes what it is asked and never ends it: each command does, in one line."""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, cast

import pytest
from google.cloud import bigquery

import warehouse.client
from tests.warehouse.test_silence import NOTHING
from warehouse import loading, reports
from warehouse.client import new_client
from warehouse.errors import JobUnfinishedError
from warehouse.settings import WarehouseSettings

JOB = {
    "jobReference": {"projectId": "local", "jobId": "endless", "location": "EU"},
    "configuration": {"query": {"query": "SELECT 1"}},
    "status": {"state": "RUNNING"},
    "jobComplete": False,
}


class Endless(BaseHTTPRequestHandler):
    """Whatever is asked: the job runs."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path.partition("?")[0].rpartition("local/")[2])
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_cancelling = self.path.partition("?")[0].endswith("/cancel")
        body = json.dumps({"job": JOB} if is_cancelling else JOB).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  the name that the server asks for

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def endless() -> Iterator[WarehouseSettings]:
    Endless.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Endless) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield WarehouseSettings(
            endpoint=f"http://127.0.0.1:{server.server_address[1]}", job_seconds=0.2
        )
        server.shutdown()


@pytest.mark.timeout(30)
def test_a_query_that_does_not_end_is_cancelled_and_one_line(endless: WarehouseSettings) -> None:
    with pytest.raises(JobUnfinishedError, match=r"after 0.2 s .*job_seconds.*again") as caught:
        reports.answer(new_client(endless), NOTHING)
    assert "\n" not in str(caught.value)
    assert Endless.asked[-1] == "jobs/endless/cancel"


@pytest.mark.timeout(30)
def test_a_file_whose_load_job_does_not_end_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse.client, "LOOK_SECONDS", 0.01)
    runs: Any = SimpleNamespace(done=lambda retry: False)
    client = SimpleNamespace(
        project="local",
        get_table=lambda *_, **__: SimpleNamespace(schema=[]),
        load_table_from_file=lambda *_, **__: runs,
    )
    settings = WarehouseSettings(endpoint="http://nowhere", job_seconds=0.2)
    with pytest.raises(JobUnfinishedError, match=r"loading_rows: not done after 0.2 s .*twice"):
        loading._send(cast("bigquery.Client", client), settings, io.BytesIO())
