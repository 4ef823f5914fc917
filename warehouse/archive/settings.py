"""What can be set about the archive: ``[archive]`` in ``creneau.toml``, ``CRENEAU_ARCHIVE__*``."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from broker.clients import session_time_out
from broker.settings import checked_section


class ArchiveSettings(BaseModel):
    """One archive process. Times are in seconds, sizes in the unit that their name says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch_seconds: float = Field(default=60.0, gt=0)
    """How long records are gathered before they are loaded; longer when the quotas get tight."""
    batch_megabytes: int = Field(default=256, ge=1)
    """The most that a load job holds. On disk each partition has as much, and once more, with its
    ranges, while it is loaded. In memory a load has 8 MiB, and for each of its rows 16 bytes, 24
    after BigQuery has refused some."""
    loads_at_once: int = Field(default=4, ge=1)
    """How many load jobs one process sends, or waits for, at a time."""
    queue_kbytes: int = Field(default=16_384, ge=1)
    """Records fetched ahead, in KiB: what bounds the memory."""
    idle_commit_seconds: float = Field(default=5.0, gt=0)
    """After so long without records a partition passes the transaction markers at its end."""
    retry_seconds: float = Field(default=5.0, gt=0)
    """How long after a failed job the next attempt is made; twice as long each time, to 10 min."""
    job_seconds: float = Field(default=3600.0, gt=0)
    """How long a load job is waited for before it is told of, and others have their turn. It is
    asked for again, and never sent twice; BigQuery itself ends it after six hours."""
    session_timeout_seconds: float = Field(default=10.0, ge=1)
    """How long a killed process' partitions wait for a new owner."""
    accept_lost: bool = False
    """Go on behind records that Kafka's retention deleted before they were archived."""

    def group_properties(self) -> dict[str, Any]:
        """librdkafka's properties for the membership (``_`` for ``.``)."""
        return {
            "partition_assignment_strategy": "cooperative-sticky",
            **session_time_out(self.session_timeout_seconds),
        }


def archive_settings(section: BaseModel) -> ArchiveSettings:
    """``[archive]`` as it was read, checked.

    Raises:
        BadUseError: names the first setting that is not usable.
    """
    return checked_section(ArchiveSettings, "archive", section)
