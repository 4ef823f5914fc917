"""What an archive process tells its pool, once a second."""

import msgspec


class Counts(msgspec.Struct):
    """What only ever grows, by table."""

    rows: dict[str, int] = {}
    refused: dict[str, int] = {}
    jobs_done: dict[str, int] = {}
    jobs_failed: dict[str, int] = {}
    modifications: dict[str, int] = {}

    def count(self, name: str, table: str, number: int) -> None:
        """Add to the count of this name."""
        counted: dict[str, int] = getattr(self, name)
        counted[table] = counted.get(table, 0) + number

    def add(self, other: "Counts") -> None:
        """Count everything that another process has counted."""
        for name in self.__struct_fields__:
            for table, number in getattr(other, name).items():
                self.count(name, table, number)


class Lag(msgspec.Struct, frozen=True):
    """How far the archive is behind on one partition: in offsets, and in seconds since its oldest
    gathered record was read (0: none waits). ``budget_seconds``: how long the quotas let what is
    gathered wait yet (0: it may be loaded)."""

    table: str
    partition: int
    offsets: int
    seconds: float
    budget_seconds: float


class Report(msgspec.Struct, frozen=True):
    """One line on the pipe, made ``at`` (seconds since 1970). ``problem`` None: ready."""

    instance: str
    at: float
    problem: str | None
    lag: list[Lag]
    counts: Counts


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Report)


def encode(report: Report) -> bytes:
    """One line, its end included."""
    return _encode(report) + b"\n"


def decode(line: bytes) -> Report:
    """Read one line; raises ``msgspec.DecodeError`` for anything else."""
    return _decoder.decode(line)
