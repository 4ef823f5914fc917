-- Rows of a CSV file on their way into their table, those of each load under an id of its own: so
-- that a table name need never be written into a statement, and two loads at once do not meet. The
-- rows are deleted when the load is over. Should it die they expire: a day's two days after the day
-- began, because a load may go on over midnight.
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
