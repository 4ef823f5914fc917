-- Every record of slot-created, byte for byte, those that the decoder refuses too: the archive that
-- replays read when Kafka has let the events go.
--
-- Layout. About 394 bytes a row (value 292, key 38, topic 24, places and times 40): 100,000,000
-- events take 39 GB, 0.73 dollars a month; 1,000 a second add 34 GB a day (0.6 each). A replay
-- reads by offset, so rows lie by offset: a chunk of 50,000 offsets is 20 MB, and with the blocks
-- around it some 100 MB; 2,000 chunks read 0.2 TB, 1.1 dollars. Before its first chunk of a
-- partition a process asks which ranges are whole (archive/ranges_of_slot_events, 48 bytes a row):
-- 4.8 GB of all partitions, 0.03 dollars a process. On the layout of lessons (by day of the lesson)
-- a chunk's events are spread over all days and types, every chunk reads all 39 GB, and 100,000,000
-- events cost 79 TB, 450 dollars. Kafka's publication times rise with the offsets, so the days
-- partition the offsets as well, and a load job touches one day or two.
-- Jobs: 1,500 a day and table is BigQuery's quota: at 1,000 a second and 75 % of it one job holds
-- 76,800 events or more (30 MB). docs/decisions/ says how the archive keeps to it.
CREATE TABLE IF NOT EXISTS slot_events (
    source_partition INT64 NOT NULL,
    source_offset INT64 NOT NULL,
    published_at TIMESTAMP NOT NULL OPTIONS (description = "Kafka's, to the millisecond"),
    `key` BYTES,
    `value` BYTES,
    headers ARRAY<STRUCT<name STRING, `value` BYTES>>,
    code STRING OPTIONS (description = "Why the decoder refuses it; null: it does not"),
    topic_id STRING NOT NULL OPTIONS (description = "Kafka's: another one if it is made anew"),
    range_from INT64 NOT NULL OPTIONS (description = "The offsets that were loaded together …"),
    range_to INT64 NOT NULL OPTIONS (description = "… exclusive: there are no others in them")
)
PARTITION BY DATE(published_at)
CLUSTER BY source_partition, source_offset
OPTIONS (description = "The archive of slot-created");
