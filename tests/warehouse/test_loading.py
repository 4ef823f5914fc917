"""Loading CSV files into the warehouse, on the emulator."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creneau.sandbox.market_csv import write_market
from producer_contract.errors import UnavailableError
from warehouse.client import new_client
from warehouse.csv_rows import FileUnreadableError
from warehouse.errors import WarehouseRefusedError
from warehouse.loading import Loaded, RowsRefusedError, load
from warehouse.queries import query, run
from warehouse.settings import WarehouseSettings

INSTRUCTORS = "instructor_id,partnership_type\ni1,EI\ni2,SASU\n"
POINTS = (
    "meeting_point_id,mp_latitude,mp_longitude\n"
    "lyon,45.764,4.8357\nmonaco,43.7384,7.4246\nsea,47.0,-20.0\n"
)
LESSONS = (
    "lesson_id,instructor_id,meeting_point_id,lesson_created_at,lesson_start_at,lesson_deleted_at\n"
    "l1,i1,lyon,2020-01-01T08:00:00Z,2020-02-01T10:00:00+01:00,\n"
    "l2,i2,monaco,2020-01-01T08:00:00Z,2020-02-02T10:00:00Z,2020-01-30T10:00:00Z\n"
)
BOOKINGS = (
    "booking_id,lesson_id,booking_created_at,booking_deleted_at\n"
    "b1,l1,2020-01-02T08:00:00Z,\nb2,l1,2020-01-02T08:00:00Z,2020-01-03T08:00:00Z\n"
)
WAREHOUSE = {
    "instructors": INSTRUCTORS,
    "meeting_points": POINTS,
    "lessons": LESSONS,
    "bookings": BOOKINGS,
}

Load = Callable[[str, str], Loaded]


@pytest.fixture(scope="module")
def settings(
    new_warehouse: Callable[[], WarehouseSettings], tmp_path_factory: pytest.TempPathFactory
) -> WarehouseSettings:
    """A dataset with the four small files loaded; tests that change something take other ids."""
    made = new_warehouse()
    folder = tmp_path_factory.mktemp("files")
    for table, text in WAREHOUSE.items():
        _load(made, folder, table, text)
    return made


@pytest.fixture
def csv(settings: WarehouseSettings, tmp_path: Path) -> Load:
    """Load a text as a table's file."""
    return lambda table, text: _load(settings, tmp_path, table, text)


def _load(settings: WarehouseSettings, folder: Path, table: str, text: str) -> Loaded:
    path = folder / f"{table}.csv"
    path.write_text(text, "utf-8")
    return load(settings, table, path)


def other(text: str) -> str:
    """The same rows with other ids."""
    return re.sub(r"\b(lyon|monaco|sea|[ilb]\d)\b", r"other-\1", text)


def rows(settings: WarehouseSettings, text: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in new_client(settings).query_and_wait(text)]


def everything(settings: WarehouseSettings) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: rows(settings, f"SELECT * FROM {table}{where} ORDER BY 1")
        for table, where in {
            "instructors": "",
            "meeting_points": "",
            "bookings": "",
            "lessons": " WHERE lesson_start_at >= '0001-01-01'",
        }.items()
    }


def test_a_meeting_point_gets_its_departement_with_method_and_distance(
    csv: Load, settings: WarehouseSettings
) -> None:
    csv("meeting_points", "meeting_point_id,mp_latitude,mp_longitude\ndock,46.1446,-1.1960\n")
    found = {row[0]: row[3:] for row in everything(settings)["meeting_points"]}
    assert found["lyon"] == ("69", "grid", 0.0)
    # Outside France is a place too: kept, without a département.
    assert found["monaco"] == found["sea"] == (None, "none", None)
    code, method, distance = found["dock"]
    assert code == "17"
    assert (distance > 0) == (method == "nearest")


def test_a_lesson_carries_what_was_true_of_its_instructor_and_meeting_point(
    csv: Load, settings: WarehouseSettings
) -> None:
    lessons = rows(
        settings,
        "SELECT lesson_id, FORMAT_TIMESTAMP('%F %H:%M', lesson_start_at), partnership_type,"
        " department_code, lesson_deleted_at IS NOT NULL"
        " FROM lessons WHERE lesson_start_at >= '2020-01-01' AND lesson_id < 'm' ORDER BY 1",
    )
    assert lessons == [
        ("l1", "2020-02-01 09:00", "EI", "69", False),
        ("l2", "2020-02-02 10:00", "SASU", None, True),
    ]


def test_loading_again_changes_nothing(csv: Load, settings: WarehouseSettings) -> None:
    before = everything(settings)
    assert {table: csv(table, text).changed for table, text in WAREHOUSE.items()} == dict.fromkeys(
        WAREHOUSE, 0
    )
    assert everything(settings) == before


def test_loading_again_updates_what_changed_and_adds_what_is_new(
    csv: Load, settings: WarehouseSettings
) -> None:
    for table, text in WAREHOUSE.items():
        assert csv(table, other(text)).changed == len(text.splitlines()) - 1
    new_form = INSTRUCTORS.replace("EI", "EURL") + "i3,ME\n"
    assert csv("instructors", other(new_form)) == Loaded(3, 2)
    to_paris = POINTS.replace("45.764,4.8357", "48.85,2.35")
    assert csv("meeting_points", other(to_paris)) == Loaded(3, 1)
    moved = LESSONS.replace("2020-02-01T10:00:00+01:00", "2020-03-05T10:00:00Z")
    new = "l3,i3,sea,2020-01-01T08:00:00Z,2021-02-01T10:00:00Z,\n"
    ahead = "l4,i1,lyon,2020-01-01T08:00:00Z,9000-02-01T10:00:00Z,\n"
    assert csv("lessons", other(moved + new)) == Loaded(3, 2)
    assert csv("lessons", other(moved + new + ahead)) == Loaded(4, 1)
    # Instructor and meeting point change again: what has begun keeps both, what is ahead does not.
    assert csv("instructors", other(INSTRUCTORS.replace("EI", "SAS"))).changed == 1
    to_nice = POINTS.replace("45.764,4.8357", "43.70,7.26")
    assert csv("meeting_points", other(to_nice)).changed == 1
    assert csv("lessons", other(moved + new + ahead)) == Loaded(4, 1)
    # A lesson's own correction is taken.
    corrected = new.replace("i3,", "i1,")
    assert csv("lessons", other(moved + corrected)) == Loaded(3, 1)
    assert rows(
        settings,
        "SELECT lesson_id, FORMAT_TIMESTAMP('%F', lesson_start_at), partnership_type,"
        " department_code FROM lessons"
        " WHERE lesson_start_at >= '2020-01-01' AND lesson_id LIKE 'other-%' ORDER BY 1",
    ) == [
        ("other-l1", "2020-03-05", "EI", "69"),
        ("other-l2", "2020-02-02", "SASU", None),
        ("other-l3", "2021-02-01", "SAS", None),
        ("other-l4", "9000-02-01", "SAS", "06"),
    ]
    # A lesson that moved has taken its bookings along: loading them again finds nothing to do.
    assert csv("bookings", other(BOOKINGS)) == Loaded(2, 0)
    assert csv("bookings", other(BOOKINGS.replace("b1,l1", "b1,l3"))) == Loaded(2, 1)
    starts = "SELECT booking_id, FORMAT_TIMESTAMP('%F', lesson_start_at) FROM bookings"
    assert rows(settings, f"{starts} WHERE booking_id LIKE 'other-%' ORDER BY 1") == [
        ("other-b1", "2021-02-01"),
        ("other-b2", "2020-03-05"),
    ]


@pytest.mark.parametrize(
    ("table", "text", "reasons"),
    [
        ("instructors", INSTRUCTORS + ",EI\n", ["line 4: instructor_id is empty"]),
        ("instructors", INSTRUCTORS + "i4\n", ["line 4: 1 values for 2 columns"]),
        (
            "instructors",
            INSTRUCTORS + "i1,EI\n",
            [f"line {line}: instructor_id 'i1' comes more than once" for line in (2, 4)],
        ),
        (
            "meeting_points",
            POINTS + "a,91,0\nb,nan,0\nc,0,\n",
            [
                "line 5: mp_latitude is '91': not between -90 and 90 degrees",
                "line 6: mp_latitude is 'nan': not between -90 and 90 degrees",
                "line 7: mp_longitude is empty",
            ],
        ),
        (
            "lessons",
            LESSONS.replace("i2,", "i9,").replace("lyon", "nowhere"),
            [
                "line 2: the warehouse has no meeting point 'nowhere'",
                "line 3: the warehouse has no instructor 'i9'",
            ],
        ),
        (
            "lessons",
            LESSONS.replace("2020-02-02T10:00:00Z", "2020-02-02T10:00:00"),
            [
                "line 3: lesson_start_at is '2020-02-02T10:00:00': "
                "not an RFC 3339 time such as 2026-11-24T10:00:00Z",
            ],
        ),
        ("bookings", BOOKINGS + "b3,l9,2020-01-02T08:00:00Z,\n",
         ["line 4: the warehouse has no lesson 'l9'"]),
    ],
)  # fmt: skip
def test_refused_rows_are_told_and_nothing_is_loaded(
    csv: Load, settings: WarehouseSettings, table: str, text: str, reasons: list[str]
) -> None:
    before = everything(settings)
    with pytest.raises(RowsRefusedError, match="nothing was loaded") as caught:
        csv(table, text)
    assert [str(row) for row in caught.value.refused] == reasons
    assert everything(settings) == before
    assert rows(settings, "SELECT * FROM loading_rows") == []


def test_a_load_that_breaks_off_has_changed_nothing(
    csv: Load, settings: WarehouseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from warehouse import loading

    def gone(*_: object, **__: object) -> None:
        raise UnavailableError("gone")

    before = everything(settings)
    monkeypatch.setattr(loading, "run", gone)
    with pytest.raises(UnavailableError, match="gone"):
        csv("instructors", INSTRUCTORS + "i3,ME\n")
    assert everything(settings) == before


@pytest.mark.parametrize("table", WAREHOUSE)
def test_a_load_whose_rows_have_expired_changes_nothing(
    csv: Load, settings: WarehouseSettings, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    from warehouse import loading

    def expire(client: Any, _: str, load_id: str, __: Path) -> None:
        run(client, query("loading/forget"), load_id=load_id)

    before = everything(settings)
    monkeypatch.setattr(loading, "_refuse", expire)
    with pytest.raises(WarehouseRefusedError, match="rows of this load are gone"):
        csv(table, re.sub(r"(?m)^([ilb]\d|lyon|monaco|sea),", r"lost-\1,", WAREHOUSE[table]))
    assert everything(settings) == before


def test_every_refused_row_is_to_be_had(
    settings: WarehouseSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from creneau.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRENEAU_WAREHOUSE__ENDPOINT", str(settings.endpoint))
    (tmp_path / "file.csv").write_text("instructor_id,partnership_type\n" + "i1,\n" * 1_500)
    monkeypatch.setattr("sys.argv", ["creneau", "warehouse", "load-instructors", "file.csv"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "line 2: partnership_type is empty"
    assert lines[20] == "… and 1480 more: var/refused/instructors.txt has all"
    assert "1500 rows refused, nothing was loaded" in lines[21]
    told = (tmp_path / "var" / "refused" / "instructors.txt").read_text("utf-8").splitlines()
    assert told[-1] == "line 1501: partnership_type is empty"
    assert len(told) == 1_500


def test_what_is_no_such_file_is_one_line(csv: Load, tmp_path: Path) -> None:
    with pytest.raises(FileUnreadableError, match="has no column partnership_type;"):
        csv("instructors", "instructor_id\ni1\n")
    nobody = WarehouseSettings(endpoint="http://127.0.0.1:9")
    with pytest.raises(FileUnreadableError, match="No such file"):
        load(nobody, "lessons", tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(b"instructor_id,partnership_type\n\xe9,EI\n")
    with pytest.raises(FileUnreadableError, match="not in UTF-8: line 2 has the byte 0xe9"):
        load(
            WarehouseSettings(endpoint="http://127.0.0.1:9"), "instructors", tmp_path / "latin.csv"
        )


def test_the_market_loads_as_it_is_written(
    csv: Load, settings: WarehouseSettings, tmp_path: Path
) -> None:
    write_market(tmp_path, lessons=1_000, seed=1)
    for table in WAREHOUSE:
        loaded = load(settings, table, tmp_path / f"{table}.csv")
        assert loaded.changed == loaded.rows > 0
    [(given, codes)] = rows(
        settings,
        "SELECT COUNT(*), COUNT(DISTINCT department_code)"
        " FROM lessons_given(TIMESTAMP '2024-01-01', TIMESTAMP '2027-01-01')",
    )
    assert given > 250
    assert codes > 50
