-- Every probability that was announced, live or by a replay, withdrawals included.
--
-- Layout. About 175 bytes a row: 100,000,000 outputs take 17 GB, 0.32 dollars a month; a replay of
-- all of them adds as much. 1,000 a second add 15 GB a day, 0.28 dollars a month each. Reports ask
-- by day of the lesson: a month of two years is a twenty-fourth of the 12.4 GB of columns that
-- model-quality needs (124 bytes), and with the 92 days around it, for lessons that were moved,
-- seven: 3.6 GB, 0.021 dollars at 6.25 a TiB. Of lesson_outcomes' tables it reads the month alone,
-- 46 bytes a lesson and 54 a booking: 0.33 GB, 0.002 dollars more. Withdrawals without a lesson
-- time lie in the null partition, which the view in force reads always. The price: one load job
-- touches as many partitions as its lessons have days, up to 90, and BigQuery counts each against a
-- table's quota of modifications, 30,000 a day: 250 load jobs a day at 75 % of it, of 345,600
-- outputs each at 1,000 a second; docs/decisions/ says how the archive keeps to it.
CREATE TABLE IF NOT EXISTS slot_probabilities (
    slot_id STRING NOT NULL,
    probability FLOAT64 OPTIONS (description = "Null: withdrawn"),
    model_version STRING NOT NULL,
    epoch INT64 NOT NULL,
    source_partition INT64 NOT NULL,
    source_offset INT64 NOT NULL,
    lesson_start_at TIMESTAMP OPTIONS (description = "Null in a withdrawal that cannot know it"),
    scored_at TIMESTAMP NOT NULL,
    replay_id STRING OPTIONS (description = "Null: live"),
    published_at TIMESTAMP NOT NULL OPTIONS (description = "Kafka's, to the millisecond"),
    log_partition INT64 NOT NULL OPTIONS (description = "Its own place on slot-probability"),
    log_offset INT64 NOT NULL,
    topic_id STRING NOT NULL OPTIONS (description = "Kafka's: another one if it is made anew"),
    range_from INT64 NOT NULL OPTIONS (description = "The offsets that were loaded together …"),
    range_to INT64 NOT NULL OPTIONS (description = "… exclusive: there are no others in them")
)
PARTITION BY DATE(lesson_start_at)
CLUSTER BY model_version, slot_id
OPTIONS (description = "The archive of slot-probability");
