-- Records that make no row of their table, or that BigQuery refused, with the reason: nothing is
-- lost. Expected to be empty; not partitioned, so that a job here is one modification.
--
-- Layout. About 460 bytes a row: should one record in a thousand come here, 100,000,000 are 46 MB,
-- 0.001 dollars a month, and 1,000 a second add 40 MB a day. A replayed chunk reads the blocks of
-- its offsets, billed as 10 MB, BigQuery's least: 2,000 chunks read 20 GB, 0.11 dollars. No report
-- reads it. Load jobs: 1,125 a day (75 % of BigQuery's 1,500) for all topics and partitions.
CREATE TABLE IF NOT EXISTS archive_refused (
    topic STRING NOT NULL OPTIONS (description = "Without the prefix"),
    log_partition INT64 NOT NULL,
    log_offset INT64 NOT NULL,
    timestamp_ms INT64 NOT NULL OPTIONS (description = "Kafka's, as it was"),
    `key` BYTES,
    `value` BYTES,
    headers ARRAY<STRUCT<name STRING, `value` BYTES>>,
    reason STRING NOT NULL,
    topic_id STRING NOT NULL OPTIONS (description = "Kafka's: another one if it is made anew"),
    range_from INT64 NOT NULL OPTIONS (description = "The offsets that were loaded together …"),
    range_to INT64 NOT NULL OPTIONS (description = "… exclusive: there are no others in them")
)
CLUSTER BY topic, log_partition, log_offset
OPTIONS (description = "What the archive could not load");
