"""A server that takes every call and never answers: each of ours ends, in one line."""

import socket
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

import warehouse.client
from warehouse import loading, reports, schema
from warehouse.client import new_client
from warehouse.errors import WarehouseUnreachableError
from warehouse.settings import WarehouseSettings

DAYS = reports.Period(date(2020, 7, 1), date(2020, 7, 1))
NOTHING = reports.lessons_by_department(DAYS, [])


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[WarehouseSettings]:
    """The kernel takes the connections; nobody reads them."""
    monkeypatch.setattr(warehouse.client, "CALL_SECONDS", 0.2)
    for module in (warehouse.client, schema, loading):
        monkeypatch.setattr(module, "RETRY", warehouse.client.RETRY.with_timeout(0.1))
    jobs = warehouse.client.JOB_RETRY.with_timeout(0.1)
    monkeypatch.setattr(warehouse.client, "JOB_RETRY", jobs)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield WarehouseSettings(endpoint=f"http://127.0.0.1:{server.getsockname()[1]}")


def send(settings: WarehouseSettings) -> None:
    """An upload alone: ``load`` asks for the table before."""
    with (Path("/dev/null")).open("rb") as file, loading.in_our_words("loading_rows"):
        new_client(settings).load_table_from_file(file, "local.creneau.loading_rows", num_retries=0)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "call",
    [
        lambda settings: reports.answer(new_client(settings), NOTHING),
        lambda settings: reports.bytes_of(new_client(settings), NOTHING),
        schema.check,
        schema.apply,
        send,
    ],
    ids=["report", "dry run", "check", "apply", "upload"],
)
def test_silence_is_one_line(
    silent: WarehouseSettings, call: Callable[[WarehouseSettings], object]
) -> None:
    with pytest.raises(WarehouseUnreachableError, match="does not answer") as caught:
        call(silent)
    assert "\n" not in str(caught.value)
