-- Every booking, cancelled ones included. The lesson's start is written at load.
--
-- Layout. A row takes 93 bytes (two identifiers 76, two times 16, a third for the cancelled): the
-- 61 million bookings of 100,000,000 lessons take 5.7 GB, 0.11 dollars a month. A report reads the
-- same days of bookings as of lessons, because both are partitioned by the lesson's start: a
-- quarter of two years is 0.4 GB instead of 3.3. The clustering serves one lesson's bookings.
-- At 1,000 new slots a second 53 million bookings a day add 4.9 GB, 0.09 dollars a month each. A
-- file is one load job into loading_rows, of 1,500 a day, and one MERGE, which is no load job.
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
