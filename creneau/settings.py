"""Settings: ``creneau.toml``, then ``CRENEAU_*`` from the environment (which wins)."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from broker.settings import KafkaSettings
from creneau.sandbox.state import read
from creneau.variables import refuse_unknown
from producer_contract.errors import BadUseError

TOML_FILE = "creneau.toml"
DEFAULT_BOOTSTRAP = "localhost:9092"


class WorkerSection(BaseModel):
    """``[worker]``: see ``consumer.settings.WorkerSettings`` for what each one means."""

    model_config = ConfigDict(extra="allow")


class ReplaySection(BaseModel):
    """``[replay]``: see ``replay.settings.ReplaySettings`` for what each one means."""

    model_config = ConfigDict(extra="allow")


class WarehouseSection(BaseModel):
    """``[warehouse]``: see ``warehouse.settings.WarehouseSettings`` for what each one means."""

    model_config = ConfigDict(extra="allow")


class ArchiveSection(BaseModel):
    """``[archive]``: see ``warehouse.archive.settings.ArchiveSettings`` for what each one means."""

    model_config = ConfigDict(extra="allow")


class Settings(BaseSettings):
    """Everything that can be set, with defaults that work on one machine."""

    model_config = SettingsConfigDict(
        env_prefix="CRENEAU_",
        env_nested_delimiter="__",
        toml_file=TOML_FILE,
        extra="forbid",
    )

    bootstrap_servers: str | None = None
    """The cluster; unset: [kafka] bootstrap.servers, a running sandbox, or localhost:9092."""
    prefix: str = Field(default="", pattern=r"^[a-zA-Z0-9._-]*$")
    """Goes before every topic, group and transactional id."""
    instance: str | None = None
    """This host's name in transactional ids; unset: the host's name."""
    var: Path = Path("var")
    """Where state is kept: the sandbox, lock files, logs, the default model store."""
    store: str | None = None
    """The model store, any fsspec URL; unset: <var>/models."""
    kafka: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Any librdkafka property."""
    worker: WorkerSection = Field(default_factory=WorkerSection)
    replay: ReplaySection = Field(default_factory=ReplaySection)
    warehouse: WarehouseSection = Field(default_factory=WarehouseSection)
    archive: ArchiveSection = Field(default_factory=ArchiveSection)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def store_url(self) -> str:
        return self.store if self.store is not None else str(self.var / "models")

    @property
    def sandbox_file(self) -> Path:
        """Written by ``creneau sandbox up``: its bootstrap servers and process ids."""
        return self.var / "sandbox" / "sandbox.json"

    def kafka_settings(self) -> KafkaSettings:
        """The cluster to talk to, the most explicit setting winning."""
        properties = dict(self.kafka)
        listed = properties.pop("bootstrap.servers", None)
        bootstrap = self.bootstrap_servers or (str(listed) if listed else None)
        return KafkaSettings(
            bootstrap_servers=bootstrap or self._sandbox_bootstrap() or DEFAULT_BOOTSTRAP,
            prefix=self.prefix,
            properties=properties,
        )

    def _sandbox_bootstrap(self) -> str | None:
        """Of a sandbox that runs: a file that a reboot left behind names a port of nobody's."""
        sandbox = read(self.sandbox_file.parent)
        return sandbox.bootstrap_servers if sandbox is not None and sandbox.alive else None


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Raises:
        BadUseError: a setting or ``creneau.toml`` cannot be read, or a ``CRENEAU_*`` variable is
            none of ours; names the first culprit.
    """
    refuse_unknown(os.environ, Settings.model_fields)
    if Path(TOML_FILE).is_dir():
        raise BadUseError(f"{TOML_FILE} is a folder, not a file: move it away, or run elsewhere")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "settings"
        raise BadUseError(
            f"setting '{place}' is not usable: {first['msg']} (got {first['input']!r}); "
            f"mend it in creneau.toml or in CRENEAU_{place.upper().replace('.', '__')}"
        ) from error
    except (SettingsError, tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadUseError(
            f"the settings cannot be read: {error}; mend creneau.toml or the "
            "CRENEAU_* variable it names"
        ) from error
