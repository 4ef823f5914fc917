"""``creneau report`` as a person uses it: what is printed, and the exit codes."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import NamedTuple

import pytest

import creneau.cli.model_training
import creneau.cli.report
import warehouse.client
import warehouse.reports
from broker.settings import KafkaSettings
from creneau.cli.main import main
from ledger.writer import append
from tests.ledger.build import promoted, registered, revoked
from tests.warehouse import corners
from tests.warehouse.loads import load
from tests.warehouse.plain_reports import Booking, Lesson, Output
from warehouse.client import new_client
from warehouse.settings import WarehouseSettings

START = datetime(2020, 7, 14, 22, 30, tzinfo=UTC)
"""The fifteenth in Paris."""


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Report = Callable[..., Done]


def given(number: int, who: str, kind: str, where: str | None) -> Lesson:
    start = START + timedelta(hours=number)
    return Lesson(
        f"lesson-{number}",
        who,
        start,
        None,
        kind,
        where,
        [Booking(start - timedelta(days=1), None)],
    )


@pytest.fixture(scope="module")
def dataset(new_warehouse: Callable[[], WarehouseSettings]) -> WarehouseSettings:
    """Three lessons given, two of them foretold."""
    settings = new_warehouse()
    client = new_client(settings)
    lessons = [
        given(0, "ana", "EI", "2A"),
        given(1, "ana", "EI", "2A"),
        given(2, "zoé\x1b[31m", "ME", None),
    ]
    outputs = [Output("lesson-0", "v1", 0.25, 0, 1), Output("lesson-1", "v2", 0.75, 1, 1)]
    load(client, "lessons", corners.json_lines(corners.lesson_rows(lessons)))
    load(client, "bookings", corners.json_lines(corners.booking_rows(lessons)))
    load(client, "slot_probabilities", corners.json_lines(corners.output_rows(outputs, lessons)))
    return settings


@pytest.fixture
def report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Report:
    """Run ``creneau report …`` in a folder of the test's own, by the console script's way in."""
    monkeypatch.chdir(tmp_path)

    def run(settings: WarehouseSettings | None, *arguments: str) -> Done:
        if settings is not None:
            monkeypatch.setenv("CRENEAU_WAREHOUSE__ENDPOINT", str(settings.endpoint))
            monkeypatch.setenv("CRENEAU_WAREHOUSE__DATASET", settings.dataset)
        monkeypatch.setattr("sys.argv", ["creneau", "report", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return run


def refused(done: Done, code: int) -> str:
    """The one line that a refusal prints."""
    assert done.code == code, done.err
    assert done.out == ""
    (line,) = done.err.splitlines()
    assert line.startswith("creneau: ")
    return line


def test_the_nth_lesson_as_a_table(dataset: WarehouseSettings, report: Report) -> None:
    done = report(dataset, "nth-lesson", "--nth", "2")
    assert done.code == 0, done.err
    header, first, second = done.out.splitlines()
    assert header.split("  ")[0] == "place"
    assert "ana" in first
    assert "2020-07-15" in first
    assert "zoé\\x1b[31m" in second  # no control character reaches a terminal
    assert "—" in second


def test_the_nth_lesson_as_json(dataset: WarehouseSettings, report: Report) -> None:
    done = report(dataset, "nth-lesson", "--nth", "2", "--top", "1", "--format", "json")
    assert json.loads(done.out) == [
        {
            "place": 1,
            "instructor_id": "ana",
            "lessons": 2,
            "nth_lesson_day": "2020-07-15",
            "nth_lesson_start_at": "2020-07-14T23:30:00Z",
            "nth_lesson_id": "lesson-1",
        }
    ]


def test_lessons_by_department_as_csv(dataset: WarehouseSettings, report: Report) -> None:
    period = ("--from", "2020-07-15", "--to", "2020-07-15")
    done = report(dataset, "lessons-by-department", *period, "--format", "csv")
    assert list(csv.DictReader(io.StringIO(done.out))) == [
        {
            "department_code": "2A",
            "partnership_type": "EI",
            "lessons": "2",
            "deleted": "0",
            "given": "2",
        },
        {
            "department_code": "outside France",
            "partnership_type": "ME",
            "lessons": "1",
            "deleted": "0",
            "given": "1",
        },
    ]


def test_a_period_without_lessons_is_said(dataset: WarehouseSettings, report: Report) -> None:
    done = report(dataset, "nth-lesson", "--from", "2019-01-01", "--to", "2019-12-31")
    assert (done.code, done.err) == (0, "nothing in that period\n")


def test_a_dry_run_prints_bytes_and_no_rows(dataset: WarehouseSettings, report: Report) -> None:
    # The emulator always says 0.
    assert report(dataset, "nth-lesson", "--dry-run").out == "would read 0 bytes\n"
    done = report(dataset, "nth-lesson", "--dry-run", "--format", "json")
    assert json.loads(done.out) == {"bytes": 0}
    # There is no Kafka here, and none is needed to know what would be read.
    assert report(dataset, "model-quality", "--dry-run").out == "would read 0 bytes\n"


def test_the_last_thirty_days_end_with_todays_in_paris(monkeypatch: pytest.MonkeyPatch) -> None:
    class AskedError(Exception):
        """The days are known; nothing more is wanted."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cls(2026, 6, 30, 22, 30, tzinfo=UTC)  # half past midnight in Paris

    def period(first: str, last: str) -> None:
        raise AskedError(first, last)

    monkeypatch.setattr(creneau.cli.report, "datetime", Clock)
    monkeypatch.setattr(creneau.cli.model_training, "datetime", Clock)
    monkeypatch.setattr(warehouse.reports, "period", period)
    monkeypatch.setenv("CRENEAU_WAREHOUSE__ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(AskedError) as asked:
        creneau.cli.report.model_quality()
    assert asked.value.args == ("2026-06-02", "2026-07-01")
    with pytest.raises(AskedError) as asked:
        creneau.cli.model_training.train(from_warehouse=True)
    assert asked.value.args == ("2024-07-01", "2026-07-01")


def test_refusals_are_one_line_and_an_exit_code(dataset: WarehouseSettings, report: Report) -> None:
    by_department = ("lessons-by-department", "--from", "2020-07-01", "--to", "2020-07-31")
    line = refused(report(dataset, *by_department, "-p", "EI", "-p", "SAS"), 2)
    assert "'SAS'; there are EI, ME" in line
    assert "is not a day" in refused(report(dataset, "nth-lesson", "--from", "2020-02-30"), 2)
    assert "exchange them" in refused(report(dataset, "nth-lesson", "--to", "2020-01-01"), 2)
    absent = dataset.model_copy(update={"dataset": "absent"})
    assert "creneau warehouse apply" in refused(report(absent, "nth-lesson"), 3)


def test_without_a_warehouse_one_line_says_so(report: Report) -> None:
    assert "no warehouse is set" in refused(report(None, "nth-lesson"), 2)


@pytest.mark.timeout(60)  # Google's client would go on for forty minutes
@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_a_warehouse_that_does_not_answer_is_one_line(
    report: Report, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    for retry in ("RETRY", "JOB_RETRY"):
        shorter = getattr(warehouse.client, retry).with_timeout(1.0)
        monkeypatch.setattr(warehouse.client, retry, shorter)
    nobody = WarehouseSettings(endpoint="http://127.0.0.1:1")
    assert "does not answer" in refused(report(nobody, "nth-lesson", *arguments), 3)


@pytest.mark.kafka
def test_model_quality_marks_what_the_ledger_revoked(
    dataset: WarehouseSettings,
    report: Report,
    topics: KafkaSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    append(topics, lambda _: [registered("v1"), registered("v2"), promoted("v1")])
    append(topics, lambda _: [revoked("v1", to="v2")])
    monkeypatch.setenv("CRENEAU_BOOTSTRAP_SERVERS", topics.bootstrap_servers)
    monkeypatch.setenv("CRENEAU_PREFIX", topics.prefix)
    period = ("--from", "2020-07-01", "--to", "2020-07-31")
    done = report(dataset, "model-quality", *period, "--format", "json")
    assert done.code == 0, done.err
    rows = json.loads(done.out)
    assert [(row["model_version"], row["revoked"]) for row in rows] == [("v1", True), ("v2", False)]
    assert rows[0]["brier"] == 0.75**2
    assert rows[1]["calibration_error"] == 0.25
    assert "yes" in report(dataset, "model-quality", *period).out.splitlines()[1]
