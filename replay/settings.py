"""What can be set about replays: ``[replay]`` in ``creneau.toml``, ``CRENEAU_REPLAY__*``."""

from pydantic import BaseModel, ConfigDict, Field

from broker.settings import checked_section
from replay.governor import Limits
from replay.plan import CHUNK_OFFSETS


class ReplaySettings(BaseModel):
    """One executor process, and the plan. Times are in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chunk_offsets: int = Field(default=CHUNK_OFFSETS, ge=1)
    """The most offsets in one chunk, which is one transaction."""
    live_lag_limit: int = Field(default=10_000, ge=0)
    """Executors give way when live scoring is more offsets behind than this in a partition …"""
    live_age_limit: float = Field(default=1.0, gt=0)
    """… or when the next event to be scored live is older than this."""
    niceness: int = Field(default=5, ge=0, le=19)
    """How far an executor steps back for others on the same machine (0: not at all)."""
    queue_kbytes: int = Field(default=2_048, ge=1)
    """Source events fetched ahead, in KiB: what bounds the memory. What was fetched beyond the end
    of a chunk is thrown away, for the next one is another range: at 16 MiB that was a tenth of an
    executor's processor time."""
    session_timeout_seconds: float = Field(default=6.0, ge=1)
    """How long a killed executor's tasks wait for another one."""

    @property
    def limits(self) -> Limits:
        return Limits(lag=self.live_lag_limit, age_seconds=self.live_age_limit)


def replay_settings(section: BaseModel) -> ReplaySettings:
    """``[replay]`` as it was read, checked.

    Raises:
        BadUseError: names the first setting that is not usable.
    """
    return checked_section(ReplaySettings, "replay", section)
