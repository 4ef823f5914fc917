"""What can be set about a worker: ``[worker]`` in ``creneau.toml``, ``CRENEAU_WORKER__*``."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from broker.clients import session_time_out
from broker.settings import checked_section


class WorkerSettings(BaseModel):
    """One worker process. Times are in seconds, sizes in the unit that their name says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch_max_events: int = Field(default=10_000, ge=1)
    """No transaction holds more events than this. A backlog is worked off 1.7 times as fast with
    4,000 as with 2,000, where the transactions' own time decides; little faster beyond 8,000."""
    batch_target_seconds: float = Field(default=0.25, gt=0)
    """How long making and committing a batch may take: batches grow as far as this allows. An open
    transaction holds every read_committed reader back."""
    queue_kbytes: int = Field(default=32_768, ge=1)
    """Events fetched ahead, in KiB: with two batches of the size above, what bounds the memory
    whatever the backlog."""
    idle_commit_seconds: float = Field(default=5.0, gt=0)
    """After so long without events a partition's committed offset passes the transaction markers
    at its end, so that its lag is 0 and retention cannot seem to lose what was never an event."""
    dead_letter_ratio: float = Field(default=0.95, gt=0, le=1)
    """The worker stops when this share …"""
    dead_letter_run: int = Field(default=500, ge=0)
    """… of at least this many events in a row is refused; 0: never."""
    revoked_grace_seconds: float = Field(default=1.0, ge=0)
    """How long a revoked model may go on (under its old epoch, below the fence) while its
    replacement is being loaded; then scoring pauses until that is done."""
    model_retry_seconds: float = Field(default=10.0, gt=0)
    """When loading a model failed: how long until the next attempt."""
    accept_lost: bool = False
    """Go on behind events that retention deleted before they were scored."""
    placing_retry_seconds: float = Field(default=10.0, gt=0)
    """How often a partition that had to stop is looked at again."""
    group_protocol: Literal["classic", "consumer"] = "classic"
    """The group's protocol; with ``consumer`` the session time-out is the broker's."""
    session_timeout_seconds: float = Field(default=6.0, ge=1)
    """How long a killed worker's partitions wait for a new owner."""
    group_instance_id: str | None = None
    """A static member id (the worker's index is appended); unset: dynamic membership."""

    def group_properties(self, index: int) -> dict[str, Any]:
        """librdkafka's properties for the membership (``_`` for ``.``) of worker ``index``."""
        properties: dict[str, Any] = {"group_protocol": self.group_protocol}
        if self.group_protocol == "classic":
            properties["partition_assignment_strategy"] = "cooperative-sticky"
            properties |= session_time_out(self.session_timeout_seconds)
        if self.group_instance_id is not None:
            properties["group_instance_id"] = f"{self.group_instance_id}-{index}"
        return properties


def worker_settings(section: BaseModel) -> WorkerSettings:
    """``[worker]`` as it was read, checked.

    Raises:
        BadUseError: names the first setting that is not usable.
    """
    return checked_section(WorkerSettings, "worker", section)
