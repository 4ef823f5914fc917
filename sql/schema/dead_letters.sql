-- Every dead letter: the event's own place, why it was refused, and its bytes.
--
-- Layout. As slot_events, which it is read beside: by day of publication, clustered by the place of
-- the event. One event in a thousand refused makes 100,000 rows of some 525 bytes of 100,000,000
-- events: 53 MB, 0.001 dollars a month; at 1,000 a second 86,400 rows and 45 MB a day, as little.
-- No report and no replay reads it; the archive asks for its ranges (48 bytes a row: 4.8 MB, billed
-- as 10), where the group cannot say what is archived. One day of it is one partition.
-- Load jobs: 1,125 a day at most (75 % of BigQuery's 1,500), a row or more to each.
CREATE TABLE IF NOT EXISTS dead_letters (
    source_partition INT64 NOT NULL,
    source_offset INT64 NOT NULL,
    epoch INT64 NOT NULL,
    replay_id STRING OPTIONS (description = "Null: refused live"),
    code STRING NOT NULL,
    reason STRING NOT NULL,
    version STRING NOT NULL OPTIONS (description = "Of the distribution that refused it"),
    published_at TIMESTAMP NOT NULL OPTIONS (description = "Kafka's, of the dead letter"),
    `key` BYTES,
    `value` BYTES,
    headers ARRAY<STRUCT<name STRING, `value` BYTES>>,
    log_partition INT64 NOT NULL OPTIONS (description = "Its own place on slot-created.dead"),
    log_offset INT64 NOT NULL,
    topic_id STRING NOT NULL OPTIONS (description = "Kafka's: another one if it is made anew"),
    range_from INT64 NOT NULL OPTIONS (description = "The offsets that were loaded together …"),
    range_to INT64 NOT NULL OPTIONS (description = "… exclusive: there are no others in them")
)
PARTITION BY DATE(published_at)
CLUSTER BY source_partition, source_offset
OPTIONS (description = "The archive of slot-created.dead");
