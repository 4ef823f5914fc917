"""``creneau warehouse apply`` and ``check`` on the emulator."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from google.cloud import bigquery

from creneau.cli.main import main
from creneau.sandbox.emulator import Emulator
from warehouse.archive.rows import COLUMNS
from warehouse.client import new_client
from warehouse.layout import declared, differences, found
from warehouse.schema import FUNCTIONS, TABLES, VIEWS, apply, check, misplaced, statement
from warehouse.settings import WarehouseSettings


@pytest.fixture(scope="module")
def dataset(new_warehouse: Callable[[], WarehouseSettings]) -> WarehouseSettings:
    return new_warehouse()


def run(settings: WarehouseSettings, text: str) -> None:
    new_client(settings).query_and_wait(text)


def said(settings: WarehouseSettings) -> list[str]:
    return [str(difference) for difference in check(settings)]


def test_what_was_applied_is_as_declared(dataset: WarehouseSettings) -> None:
    assert said(dataset) == []


def test_applying_again_makes_nothing(dataset: WarehouseSettings) -> None:
    assert apply(dataset) == []


def test_a_dataset_that_is_not_there_is_said(emulator: Emulator) -> None:
    absent = WarehouseSettings(endpoint=emulator.endpoint, dataset="absent")
    assert said(absent) == ["absent: there is no such dataset"]


def test_when_partitions_expire_is_compared() -> None:
    # As BigQuery says it; the emulator does not keep it.
    resource: dict[str, Any] = {
        "tableReference": {"projectId": "p", "datasetId": "d", "tableId": "loading_rows"},
        "timePartitioning": {"type": "DAY", "field": "loaded_at", "expirationMs": "172800000"},
    }
    wanted = declared(statement("loading_rows"))
    lines = differences(wanted, found(bigquery.Table.from_api_repr(resource)))
    assert not [line for line in lines if "expire" in line]
    del resource["timePartitioning"]["expirationMs"]
    lines = differences(wanted, found(bigquery.Table.from_api_repr(resource)))
    assert "partitions expire never, declared after 2 days" in lines


def test_another_location_is_said() -> None:
    settings = WarehouseSettings(project="p", location="eu")
    assert misplaced(settings, "EU") == []
    [difference] = misplaced(settings, "US")
    assert str(difference) == "creneau: it is kept in US, [warehouse] location is eu"


def test_every_difference_of_a_table_is_said(warehouse: WarehouseSettings) -> None:
    run(warehouse, "DROP TABLE bookings")
    run(warehouse, "DROP TABLE lessons")
    run(
        warehouse,
        """CREATE TABLE lessons (
             lesson_id STRING, instructor_id STRING NOT NULL, meeting_point_id STRING NOT NULL,
             lesson_start_at TIMESTAMP NOT NULL, lesson_created_at TIMESTAMP NOT NULL,
             lesson_deleted_at TIMESTAMP, partnership_type INT64, duration_minutes INT64,
             colour STRING)
           PARTITION BY TIMESTAMP_TRUNC(lesson_start_at, MONTH) CLUSTER BY lesson_id""",
    )
    # Views go with their tables on the emulator.
    of_tables = [line for line in said(warehouse) if line.split(":")[0] in TABLES]
    assert of_tables == [
        "lessons: clustered by lesson_id, declared partnership_type, department_code",
        "lessons: column colour is not declared",
        "lessons: column department_code is missing",
        "lessons: column lesson_id allows nulls, declared the other way",
        "lessons: column partnership_type is INT64, declared STRING",
        "lessons: does not require a partition filter, declared the other way",
        "lessons: partitioned by the day of MONTH of lesson_start_at, declared lesson_start_at",
        "bookings: there is no such table",
    ]


def test_a_table_from_before_a_column_was_added_is_one_line_with_what_to_do(
    warehouse: WarehouseSettings, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    run(warehouse, "DROP TABLE slot_probabilities")
    text = statement("slot_probabilities")
    lines = [line for line in text.splitlines() if not line.startswith("    topic_id ")]
    run(warehouse, "\n".join(lines))
    monkeypatch.setenv("CRENEAU_WAREHOUSE__ENDPOINT", str(warehouse.endpoint))
    monkeypatch.setenv("CRENEAU_WAREHOUSE__DATASET", warehouse.dataset)
    todo = "a table that is there is never changed; set another [warehouse] dataset, or drop the"
    for command, code in (("apply", 3), ("check", 1)):
        monkeypatch.setattr("sys.argv", ["creneau", "warehouse", command])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == code
        out, error = capsys.readouterr()
        [line] = error.splitlines()
        assert todo in line
        if command == "apply":
            assert "table slot_probabilities has no column 'topic_id'" in line
        else:
            assert "slot_probabilities: column topic_id is missing" in out.splitlines()


def test_a_changed_function_or_view_is_said_and_mended(warehouse: WarehouseSettings) -> None:
    run(
        warehouse,
        "CREATE OR REPLACE TABLE FUNCTION lessons_given(from_time TIMESTAMP, to_time TIMESTAMP)"
        " AS (SELECT 1 AS lesson_id)",
    )
    client = new_client(warehouse)
    view = client.get_table(f"{warehouse.dataset}.outcomes")
    # As a hand in the console does: the text is another, the signed description is left.
    view.view_query = "SELECT 1 AS lesson_id"
    client.update_table(view, ["view_query"])
    run(warehouse, "DROP VIEW probabilities_in_force")

    assert said(warehouse) == [
        "lessons_given: this table function is not the one of sql/schema/lessons_given.sql",
        "probabilities_in_force: there is no such view",
        "outcomes: this view is not the one of sql/schema/outcomes.sql",
    ]
    assert apply(warehouse) == ["lessons_given", "probabilities_in_force", "outcomes"]
    assert said(warehouse) == []


def test_lessons_cannot_be_read_without_saying_which_days(dataset: WarehouseSettings) -> None:
    from google.api_core.exceptions import BadRequest

    with pytest.raises(BadRequest, match="without a filter"):
        run(dataset, "SELECT COUNT(*) FROM lessons")
    run(dataset, "SELECT COUNT(*) FROM lessons WHERE lesson_start_at >= '2020-01-01'")


@pytest.mark.parametrize("name", [*FUNCTIONS, *VIEWS])
def test_bodies_name_the_dataset_of_every_table(name: str) -> None:
    # The emulator would find them without; BigQuery does not.
    code = re.sub(r"--.*", "", statement(name))
    known = "|".join((*TABLES, *FUNCTIONS, *VIEWS))
    assert not re.findall(rf"\b(?:FROM|JOIN)\s+({known})\b", code)


@pytest.mark.parametrize("name", TABLES)
def test_the_description_of_a_table_and_its_layout_can_be_read(name: str) -> None:
    assert declared(statement(name)).name == name
    assert statement(name).startswith("-- ")


@pytest.mark.parametrize("table", COLUMNS)
def test_the_archive_writes_the_columns_that_its_tables_have(table: str) -> None:
    # BigQuery refuses a load job with others; the emulator takes it.
    assert {column.name for column in declared(statement(table)).columns} == set(COLUMNS[table])


def test_what_is_not_one_of_our_table_files_is_not_taken_for_one() -> None:
    with pytest.raises(ValueError, match="not one of our"):
        declared("CREATE TABLE IF NOT EXISTS t (\n    a STRING,\n    b STRING DEFAULT 'x',\n)\n")
