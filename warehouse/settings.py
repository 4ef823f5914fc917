"""Which warehouse: ``[warehouse]`` in ``creneau.toml``, ``CRENEAU_WAREHOUSE__*``."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from broker.settings import checked_section

EMULATOR_PROJECT: Final = "local"


class WarehouseSettings(BaseModel):
    """One dataset of one project. The patterns hold what may stand in a name: nothing else ever
    becomes a part of a statement (see ``warehouse.schema``)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    project: str | None = Field(default=None, pattern=r"^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$")
    """Google's project; unset: that of the credentials, or the emulator's."""
    dataset: str = Field(default="creneau", pattern=r"^[A-Za-z0-9_]{1,1024}$")
    location: str = Field(default="EU", pattern=r"^[A-Za-z0-9-]+$")
    """Where the dataset is kept and its jobs run."""
    endpoint: str | None = Field(default=None, pattern=r"^https?://")
    """An emulator's address, asked without credentials; unset: Google's."""

    job_seconds: float = Field(default=3600.0, gt=0)
    """How long a query, or the load job of a file, may take before the command gives it up."""

    @property
    def configured(self) -> bool:
        """Somebody has said which warehouse; without that nothing talks to Google."""
        return self.project is not None or self.endpoint is not None


def warehouse_settings(section: BaseModel) -> WarehouseSettings:
    """``[warehouse]`` as it was read, checked.

    Raises:
        BadUseError: names the first setting that is not usable.
    """
    return checked_section(WarehouseSettings, "warehouse", section)
