"""Quix Streams: JSON in, a constant answer, JSON out, exactly once.

As its documentation has it: an ``Application`` with ``processing_guarantee="exactly-once"``, a
streaming dataframe with ``apply`` and ``to_topic``, its own JSON (orjson). The event is not
validated. Tuned: a commit every 10,000 events, at least every second (the default holds outputs
back for 5 s), compression, linger and fetch wait as our worker has them, no log below warnings.

``python -m bench.peers.quix_app BOOTSTRAP SOURCE OUTPUT GROUP``
"""

import sys
from datetime import UTC, datetime
from typing import Any

from quixstreams import Application, message_context

COMMIT_EVERY = 10_000
PROBABILITY = 0.5


def answer(event: dict[str, Any]) -> dict[str, Any]:
    context = message_context()
    return {
        "schema_version": 1,
        "slot_id": event["slot_id"],
        "probability": PROBABILITY,
        "model_version": "constant",
        "epoch": 1,
        "source_partition": context.partition,
        "source_offset": context.offset,
        "lesson_start_at": event["lesson_start_at"],
        "scored_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "replay_id": None,
    }


def main(bootstrap: str, source: str, output: str, group: str) -> None:
    app = Application(
        bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_every=COMMIT_EVERY,
        commit_interval=1.0,
        auto_create_topics=False,
        loglevel="WARNING",
        consumer_extra_config={"isolation.level": "read_committed", "fetch.wait.max.ms": 50},
        producer_extra_config={"compression.type": "lz4", "linger.ms": 5},
    )
    events = app.dataframe(app.topic(source, value_deserializer="json"))
    events.apply(answer).to_topic(app.topic(output, value_serializer="json"))
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
