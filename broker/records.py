"""The record of a source event, wherever it was read: from Kafka or from an archive."""

from dataclasses import dataclass

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One record of ``slot-created``, bytes untouched.

    ``timestamp_ms`` is Kafka's timestamp of the record, in milliseconds since 1970 (UTC).
    """

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
