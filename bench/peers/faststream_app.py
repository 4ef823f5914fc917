"""FastStream on confluent-kafka: batches, a pydantic model, at least once.

As its documentation has it: a batch subscriber whose argument is a list of a pydantic model, an
offset acknowledged after the handler (``NACK_ON_ERROR``), a batch publisher with a key for each
message, deliveries confirmed. There is no exactly-once. With an artifact the whole batch is scored
by our model and our features, in columns; without, the answer is constant. Tuned: large batches,
orjson and uvloop (both are taken up where installed), no access log, librdkafka's compression and
linger as our worker has them. The output is a dict: a pydantic model costs more.

``python -m bench.peers.faststream_app BOOTSTRAP SOURCE OUTPUT GROUP [ARTIFACT]``
"""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import uvloop
from faststream import AckPolicy, FastStream
from faststream.confluent import KafkaBroker, KafkaPublishMessage
from faststream.confluent.annotations import KafkaMessage
from pydantic import AwareDatetime, BaseModel, Field

MAX_RECORDS = 2_000
PROBABILITY = 0.5

Identifier = Annotated[str, Field(min_length=1, max_length=64)]


class SlotCreated(BaseModel):
    """The event, with the limits that plain pydantic checks by itself."""

    schema_version: Literal[1]
    slot_id: Identifier
    instructor_id: Identifier
    partnership_type: Annotated[str, Field(min_length=1, max_length=32)]
    meeting_point_id: Identifier
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    lesson_start_at: AwareDatetime
    created_at: AwareDatetime
    duration_minutes: Annotated[int, Field(ge=1, le=1440)]


Answer = Callable[[list[SlotCreated]], list[float]]


def constant(events: list[SlotCreated]) -> list[float]:
    return [PROBABILITY] * len(events)


def scored_by(artifact: Path) -> Answer:
    """One prediction for all of a batch."""
    from model.artifact import engine_of
    from model.features import Columns, features_of

    engine = engine_of(artifact.read_bytes(), "bench")

    def answer(events: list[SlotCreated]) -> list[float]:
        columns = Columns(
            partnership_type=[event.partnership_type for event in events],
            latitude=np.array([event.latitude for event in events]),
            longitude=np.array([event.longitude for event in events]),
            created_at=np.array([event.created_at.timestamp() for event in events]),
            lesson_start_at=np.array([event.lesson_start_at.timestamp() for event in events]),
            duration_minutes=np.array([event.duration_minutes for event in events], np.float64),
        )
        return engine.probabilities(features_of(columns)).tolist()

    return answer


def main(bootstrap: str, source: str, output: str, group: str, artifact: str = "") -> None:
    answer = scored_by(Path(artifact)) if artifact else constant
    version = "bench" if artifact else "constant"
    broker = KafkaBroker(
        bootstrap,
        logger=None,
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        linger_ms=5,
        allow_auto_create_topics=False,
    )
    publisher = broker.publisher(output, batch=True)

    @broker.subscriber(
        source,
        group_id=group,
        batch=True,
        max_records=MAX_RECORDS,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )
    async def score(events: list[SlotCreated], message: KafkaMessage) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        await publisher.publish(
            *(
                KafkaPublishMessage(
                    {
                        "schema_version": 1,
                        "slot_id": event.slot_id,
                        "probability": probability,
                        "model_version": version,
                        "epoch": 1,
                        "source_partition": raw.partition(),
                        "source_offset": raw.offset(),
                        "lesson_start_at": event.lesson_start_at,
                        "scored_at": now,
                        "replay_id": None,
                    },
                    key=event.slot_id.encode(),
                )
                for event, probability, raw in zip(
                    events, answer(events), message.raw_message, strict=True
                )
            )
        )

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(FastStream(broker, logger=None).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
