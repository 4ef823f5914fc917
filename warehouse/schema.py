"""The tables, functions and views of ``sql/schema``: made in a dataset, and compared with it.

In the body of a function or view ``creneau.`` stands for the dataset: BigQuery keeps those bodies
and does not look names up in a job's default dataset there, so the dataset must be in the text
(https://cloud.google.com/bigquery/docs/views#view_limitations). It is the one name that is ever
written into a statement, and ``WarehouseSettings`` lets nothing but a name through. All else goes
by the default dataset.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Final

from google.cloud import bigquery

from warehouse.client import RETRY, dataset_of, new_client
from warehouse.errors import (
    NotInWarehouseError,
    TableOutdatedError,
    WarehouseRefusedError,
    in_our_words,
)
from warehouse.layout import declared, differences, found
from warehouse.queries import FOLDER
from warehouse.settings import WarehouseSettings

TABLES: Final = (
    "lessons",
    "bookings",
    "instructors",
    "meeting_points",
    "slot_events",
    "dead_letters",
    "slot_probabilities",
    "archive_refused",
    "loading_rows",
)
FUNCTIONS: Final = (
    "lesson_outcomes",
    "lessons_given",
    "outputs_in_order",
    "probabilities_between",
    "outcomes_between",
)
VIEWS: Final = ("probabilities_in_force", "outcomes")
"""Functions and views in an order in which each finds what it names."""

ABSENT: Final = "there is no such table"

_DATASET: Final = re.compile(r"\bcreneau\.(?=\w)")


@dataclass(frozen=True, slots=True)
class Difference:
    """``name``: of the table, function or view, or of the dataset."""

    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.name}: {self.what}"


def statement(name: str) -> str:
    """The text of ``sql/schema/<name>.sql``."""
    return (FOLDER / "schema" / f"{name}.sql").read_text("utf-8")


def apply(settings: WarehouseSettings) -> list[str]:
    """Make the dataset and what it lacks; functions and views are made anew where they differ.

    A table that is there is never changed: what differs in it, ``check`` says.

    Returns:
        The names of what was made.

    Raises:
        TableOutdatedError: a table lacks a column, which functions and views may need.
        UnavailableError: whatever ``in_our_words`` makes of BigQuery's answer.
    """
    client = new_client(settings)
    dataset = bigquery.Dataset(dataset_of(client, settings))
    dataset.location = settings.location
    with in_our_words(f"dataset {settings.dataset}"):
        client.create_dataset(dataset, exists_ok=True, retry=RETRY)
    schema = _Schema(client, settings)
    made = [name for name in TABLES if schema.table(name) is None]
    for name in made:
        schema.run(name, statement(name))
    for name in TABLES:
        schema.refuse_outdated(name)
    for name in (*FUNCTIONS, *VIEWS):
        if schema.body_differences(name):
            schema.make_body(name)
            made.append(name)
    return made


def check(settings: WarehouseSettings) -> list[Difference]:
    """How the dataset differs from ``sql/schema``; empty: it does not.

    Tables of others in the dataset are nobody's business.

    Raises:
        UnavailableError: whatever ``in_our_words`` makes of BigQuery's answer.
    """
    client = new_client(settings)
    reference = dataset_of(client, settings)
    try:
        with in_our_words(f"dataset {settings.dataset}"):
            location = client.get_dataset(reference, retry=RETRY).location
    except NotInWarehouseError:
        return [Difference(settings.dataset, "there is no such dataset")]
    schema = _Schema(client, settings)
    return [
        *misplaced(settings, location),
        *(Difference(name, what) for name in TABLES for what in schema.table_differences(name)),
        *(
            Difference(name, what)
            for name in (*FUNCTIONS, *VIEWS)
            for what in schema.body_differences(name)
        ),
    ]


def misplaced(settings: WarehouseSettings, location: str | None) -> list[Difference]:
    """Jobs run where the settings say and would not find a dataset that is elsewhere.

    An emulator is nowhere.
    """
    if settings.endpoint is not None or (location or "").upper() == settings.location.upper():
        return []
    what = f"it is kept in {location}, [warehouse] location is {settings.location}"
    return [Difference(settings.dataset, what)]


class _Schema:
    """One dataset, asked and changed by name."""

    def __init__(self, client: bigquery.Client, settings: WarehouseSettings) -> None:
        self._client = client
        self._dataset = dataset_of(client, settings)
        self._emulated = settings.endpoint is not None

    def run(self, name: str, text: str) -> None:
        with in_our_words(name):
            self._client.query_and_wait(text, retry=RETRY)

    def table(self, name: str) -> bigquery.Table | None:
        try:
            with in_our_words(name):
                return self._client.get_table(self._dataset.table(name), retry=RETRY)
        except NotInWarehouseError:
            return None

    def refuse_outdated(self, name: str) -> None:
        table = self.table(name)
        there = {field.name for field in table.schema} if table else set()
        for column in declared(statement(name)).columns:
            if column.name not in there:
                raise TableOutdatedError(name, column.name)

    def table_differences(self, name: str) -> list[str]:
        table = self.table(name)
        if table is None:
            return [ABSENT]
        if table.table_type != "TABLE":
            return [f"it is a {table.table_type}, not a table"]
        wanted, is_there = declared(statement(name)), found(table)
        if self._emulated:  # which does not keep when partitions expire
            is_there = replace(is_there, expires_days=wanted.expires_days)
        return differences(wanted, is_there)

    def body_differences(self, name: str) -> list[str]:
        """How a function or view differs from its file.

        BigQuery may keep another text than it was given (the emulator writes it anew), so what can
        be compared is remembered: ``make_body`` signs the description with digests of both texts.
        """
        try:
            kept = self._kept(name)
        except WarehouseRefusedError as error:  # it names a column that its table lacks, say
            return [f"this {self._kind(name)} cannot be read: {error}"]
        if kept is None:
            return [f"there is no such {self._kind(name)}"]
        text, description = kept
        if self._signature(name, text) not in (description or ""):
            return [f"this {self._kind(name)} is not the one of sql/schema/{name}.sql"]
        return []

    def make_body(self, name: str) -> None:
        self.run(name, self._body(name))
        kept = self._kept(name)
        if kept is None:
            raise NotInWarehouseError(f"{name}: made, and gone: somebody else is at this dataset")
        text, description = kept
        signed = f"{description or ''} {self._signature(name, text)}"
        with in_our_words(name):
            if name in VIEWS:
                view = self._client.get_table(self._dataset.table(name), retry=RETRY)
                view.description = signed
                self._client.update_table(view, ["description"], retry=RETRY)
                return
            routine = self._client.get_routine(self._routine(name), retry=RETRY)
            routine.description = signed
            # The API replaces a routine whole.
            fields = ["description", "type_", "language", "arguments", "body"]
            self._client.update_routine(routine, fields, retry=RETRY)

    def _kept(self, name: str) -> tuple[str, str | None] | None:
        """The text and description of a function or view as BigQuery keeps them."""
        if name in VIEWS:
            table = self.table(name)
            return None if table is None else (table.view_query or "", table.description)
        try:
            with in_our_words(name):
                routine = self._client.get_routine(self._routine(name), retry=RETRY)
        except NotInWarehouseError:
            return None
        return routine.body or "", routine.description

    def _routine(self, name: str) -> bigquery.RoutineReference:
        return self._dataset.routine(name)  # type: ignore[no-any-return,no-untyped-call]

    def _body(self, name: str) -> str:
        dataset = f"`{self._dataset.project}.{self._dataset.dataset_id}`."
        return _DATASET.sub(lambda _: dataset, statement(name))

    def _signature(self, name: str, kept: str) -> str:
        return f"[{_digest(self._body(name))}, kept as {_digest(kept)}]"

    @staticmethod
    def _kind(name: str) -> str:
        return "view" if name in VIEWS else "table function"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
