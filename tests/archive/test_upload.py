"""What goes over the wire when a large job is sent. Its connection is pretended."""

import tempfile
from types import SimpleNamespace
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from warehouse.archive.bigquery_jobs import UPLOADED_AT_ONCE, BigQueryJobs

JOB = {
    "jobReference": {"projectId": "p", "jobId": "j"},
    "configuration": {"load": {}},
    "status": {"state": "RUNNING"},
}


class PretendConnection:
    """Takes an upload in pieces, and keeps how long each was and how long one would wait for it."""

    is_mtls = False

    def __init__(self, size: int) -> None:
        self.size = size
        self.pieces: list[int] = []
        self.patience: list[Any] = []

    def request(self, method: str, url: str, data: bytes, timeout: Any, **_: Any) -> Any:
        self.patience.append(timeout)
        if method == "POST":
            return SimpleNamespace(status_code=200, headers={"location": "https://nowhere/upload"})
        self.pieces.append(len(data))
        sent = sum(self.pieces)
        headers = {"range": f"bytes=0-{sent - 1}"}
        code = 200 if sent == self.size else 308
        return SimpleNamespace(status_code=code, headers=headers, json=lambda: JOB)


def test_a_large_job_is_sent_in_pieces_that_fit_into_memory() -> None:
    size = 2 * UPLOADED_AT_ONCE + 5
    connection: Any = PretendConnection(size)
    client = bigquery.Client(
        "p",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        _http=connection,
    )
    jobs = BigQueryJobs(client, bigquery.DatasetReference("p", "d"), {"slot_events": []})
    with tempfile.TemporaryFile() as lines:
        lines.truncate(size)
        jobs.send("j", "slot_events", lines, size)
    assert connection.pieces == [UPLOADED_AT_ONCE, UPLOADED_AT_ONCE, 5]
    assert all(connection.patience)
