-- Rows of a CSV file on their way into their table, those of each load under an id of its own: so
-- that a table name need never be written into a statement, and two loads at once do not meet. The
-- rows are deleted when the load is over. Should it die they expire: a day's two days after the day
-- began, because a load may go on over midnight.
--
-- Layout. A lesson takes some 190 bytes here: a file of 100,000,000 is 19 GB, 0.02 dollars for two
-- days. A load reads its own blocks alone (clustered by load_id): judged 15.6 GB, counted 3.4,
-- brought over 18, deleted 19, together 56 GB or 0.32 dollars; the 86,400,000 lessons of a day at
-- 1,000 a second 48 GB or 0.28. One load job a file, of 1,500 a day for all four kinds.
CREATE TABLE IF NOT EXISTS loading_rows (
    load_id STRING NOT NULL,
    loaded_at TIMESTAMP NOT NULL,
    line INT64 NOT NULL OPTIONS (description = "Of the file; 1 is the header"),
    instructor_id STRING,
    partnership_type STRING,
    meeting_point_id STRING,
    mp_latitude FLOAT64,
    mp_longitude FLOAT64,
    department_code STRING,
    department_method STRING,
    department_distance_m FLOAT64,
    lesson_id STRING,
    lesson_created_at TIMESTAMP,
    lesson_start_at TIMESTAMP,
    lesson_deleted_at TIMESTAMP,
    duration_minutes INT64,
    booking_id STRING,
    booking_created_at TIMESTAMP,
    booking_deleted_at TIMESTAMP
)
PARTITION BY DATE(loaded_at)
CLUSTER BY load_id
OPTIONS (description = "Rows being loaded", partition_expiration_days = 2);
