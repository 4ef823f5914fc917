"""Which warehouse the settings mean: the one that is set, or else the sandbox's emulator."""

from functools import partial

from broker.clients import new_admin
from broker.cluster import topic_id
from creneau.sandbox import emulator_state
from creneau.settings import Settings
from warehouse.archive.plan import Span
from warehouse.archived import markers_passed
from warehouse.errors import WarehouseNotConfiguredError
from warehouse.settings import WarehouseSettings, warehouse_settings
from warehouse.source_archive import SourceArchive


def configured_warehouse(settings: Settings) -> WarehouseSettings | None:
    """``[warehouse]`` with a project or an endpoint, or the running sandbox's emulator, or None.

    Raises:
        BadUseError: a setting of ``[warehouse]`` is not usable.
    """
    found = warehouse_settings(settings.warehouse)
    if found.configured:
        return found
    endpoint = emulator_state.endpoint(settings.sandbox_file.parent)
    return None if endpoint is None else found.model_copy(update={"endpoint": endpoint})


def needed_warehouse(settings: Settings) -> WarehouseSettings:
    """As ``configured_warehouse``, for a command that cannot do without.

    Raises:
        WarehouseNotConfiguredError: there is none.
        BadUseError: a setting of ``[warehouse]`` is not usable.
    """
    found = configured_warehouse(settings)
    if found is None:
        raise WarehouseNotConfiguredError(
            "no warehouse is set: set [warehouse] project for BigQuery or endpoint for an emulator "
            "(CRENEAU_WAREHOUSE__PROJECT), or start one: creneau sandbox up --warehouse"
        )
    return found


def source_archive(settings: Settings) -> SourceArchive | None:
    """Where source events past Kafka's retention are had; None: no warehouse is set.

    Raises:
        BadUseError: a setting of ``[warehouse]`` is not usable.
    """
    found = configured_warehouse(settings)
    if found is None:
        return None
    return SourceArchive(found, partial(_source_id, settings), partial(_markers, settings))


def _source_id(settings: Settings) -> str:
    kafka = settings.kafka_settings()
    return topic_id(new_admin(kafka), kafka.names.slot_created)


def _markers(settings: Settings, partition: int) -> list[Span]:
    kafka = settings.kafka_settings()
    return markers_passed(kafka, kafka.names.slot_created, partition)
