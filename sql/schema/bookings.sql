-- Every booking, cancelled ones included. The lesson's start is written at load.
--
-- Layout. About 140 bytes a row (two identifiers 76, a pupil's is not kept; times up to 24): 100
-- million lessons with 55 million bookings take 6 GB, 0.11 dollars a month. A report reads the same
-- days of bookings as of lessons, because both are partitioned by the lesson's start: a quarter is
-- 0.4 GB instead of 3. The clustering serves the join by lesson. No filter is required: looking up
-- one lesson's bookings reads one block a day.
CREATE TABLE IF NOT EXISTS bookings (
    booking_id STRING NOT NULL,
    lesson_id STRING NOT NULL,
    booking_created_at TIMESTAMP NOT NULL,
    booking_deleted_at TIMESTAMP OPTIONS (description = "Null: never cancelled"),
    lesson_start_at TIMESTAMP NOT NULL OPTIONS (description = "The lesson's, at load")
)
PARTITION BY DATE(lesson_start_at)
CLUSTER BY lesson_id
OPTIONS (description = "Bookings of lessons, cancelled ones included");
