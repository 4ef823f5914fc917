"""The files of ``sql/``, their parameters, and Google's exceptions in our words."""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from google.api_core import exceptions as google
from google.auth.exceptions import DefaultCredentialsError, TransportError
from google.cloud import bigquery
from requests.exceptions import ConnectionError as NoConnection

from creneau.settings import WarehouseSection
from producer_contract.errors import BadUseError, CreneauError
from warehouse import errors
from warehouse.queries import FOLDER, Rows, bytes_read, job_config, query
from warehouse.settings import warehouse_settings

NAMES = sorted(
    path.relative_to(FOLDER).with_suffix("").as_posix()
    for path in FOLDER.rglob("*.sql")
    if path.parent.name != "schema"
)


@pytest.mark.parametrize("name", NAMES)
def test_every_query_says_what_it_does_and_names_the_parameters_it_takes(name: str) -> None:
    found = query(name)
    assert found.description
    assert all(parameter.meaning for parameter in found.parameters.values())
    taken = set(re.findall(r"(?<!@)@(\w+)", found.text))
    assert taken == found.parameters.keys()


def test_no_query_lies_about_without_its_description_or_the_other_way_round() -> None:
    described = {path.relative_to(FOLDER).with_suffix("") for path in FOLDER.rglob("*.toml")}
    assert {path.as_posix() for path in described} == set(NAMES)


def test_values_travel_as_typed_parameters() -> None:
    config = job_config(query("loading/lessons_refused"), {"load_id": "x'; DROP", "most": 3})
    found = [(each.name, each.type_, each.value) for each in config.query_parameters]
    assert found == [("load_id", "STRING", "x'; DROP"), ("most", "INT64", 3)]


def test_a_dry_run_says_what_bigquery_says_and_reads_nothing() -> None:
    asked: list[Any] = []

    class Client:
        """The emulator knows no bytes; this BigQuery does."""

        def query(self, text: str, job_config: Any, **_: object) -> SimpleNamespace:
            asked.append((text, job_config))
            return SimpleNamespace(total_bytes_processed=12_345)

    wanted = query("loading/lessons_refused")
    client = cast("bigquery.Client", Client())
    assert bytes_read(client, wanted, load_id="x", most=3) == 12_345
    [(text, config)] = asked
    assert text == wanted.text
    assert config.dry_run
    # A cached answer would cost nothing, and say so.
    assert config.use_query_cache is False


@pytest.mark.parametrize("values", [{}, {"load_id": "x", "most": 1, "more": 2}])
def test_values_that_a_query_does_not_take_are_a_mistake_of_ours(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="loading/lessons_refused takes"):
        job_config(query("loading/lessons_refused"), values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("theirs", "ours", "said"),
    [
        (DefaultCredentialsError("none"), errors.WarehouseUnreachableError, "application-default"),
        (google.NotFound("no table"), errors.NotInWarehouseError, "creneau warehouse apply"),
        (google.Conflict("there"), errors.WarehouseConflictError, "there"),
        (google.Forbidden("quota"), errors.WarehouseForbiddenError, "ask who runs the project"),
        (google.TooManyRequests("slow"), errors.WarehouseForbiddenError, "slow"),
        (
            google.BadRequest("POST x?prettyPrint=false: bad\nsql"),
            errors.WarehouseRefusedError,
            "refuses it: bad$",
        ),
        (google.ServiceUnavailable("later"), errors.WarehouseUnreachableError, "does not answer"),
        (TransportError("no route"), errors.WarehouseUnreachableError, "does not answer"),
        (TimeoutError("late"), errors.WarehouseUnreachableError, "does not answer"),
        (
            google.RetryError("Timeout", NoConnection("x")),
            errors.WarehouseUnreachableError,
            "does not answer",
        ),
        (
            NoConnection("Max retries: [Errno 111] Connection refused)"),
            errors.WarehouseUnreachableError,
            r"\(Connection refused\)",
        ),
    ],
)  # fmt: skip
def test_what_google_says_is_one_line_of_ours(
    theirs: Exception, ours: type[CreneauError], said: str
) -> None:
    with pytest.raises(ours, match=said) as caught, errors.in_our_words("lessons"):
        raise theirs
    assert str(caught.value).startswith("lessons: ")
    assert "\n" not in str(caught.value)


def test_a_failure_between_pages_is_one_line_too() -> None:
    def pages() -> Iterator[str]:
        yield "first"
        raise google.ServiceUnavailable("later")

    rows = iter(Rows("lessons", pages()))  # type: ignore[arg-type]
    assert next(rows) == "first"
    with pytest.raises(errors.WarehouseUnreachableError, match=r"^lessons: .*later"):
        next(rows)


@pytest.mark.parametrize(
    "wrong", [{"dataset": "a`b"}, {"project": "x; DROP"}, {"endpoint": "ftp://x"}, {"tables": 1}]
)
def test_nothing_but_a_name_can_be_a_name(wrong: dict[str, object]) -> None:
    with pytest.raises(BadUseError, match=r"warehouse\."):
        warehouse_settings(WarehouseSection.model_validate(wrong))
