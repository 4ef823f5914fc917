-- Every lesson slot that was ever offered; its id is the slot's id on Kafka.
--
-- Layout. A row takes about 147 bytes (identifiers of 36 characters: 3 x 38; times 3 x 8; type 5,
-- département 4), so 100,000,000 lessons take 14.7 GB: 0.27 dollars a month at 0.02 a GiB.
-- lessons-by-department needs three columns, 17 bytes a row: 1.7 GB of 14.7 because storage is by
-- column; 0.5 GB for seven months of two years because of the partitions; 0.3 GB for two of the
-- seven types because of the clustering: 0.002 dollars at 6.25 a TiB instead of 0.011. nth-lesson
-- reads a quarter instead of two years: 1.1 GB of 8.4. The filter is required, so that nobody reads
-- all of it by accident. At 1,000 new slots a second (86,400,000 a day) a day's partition is 13 GB.
-- partnership_type and department_code are written at load: no report joins for them, and what was
-- true when the lesson was given stays so when an instructor changes.
CREATE TABLE IF NOT EXISTS lessons (
    lesson_id STRING NOT NULL OPTIONS (description = "The slot's id on Kafka, slot_id"),
    instructor_id STRING NOT NULL,
    meeting_point_id STRING NOT NULL,
    lesson_start_at TIMESTAMP NOT NULL,
    lesson_created_at TIMESTAMP NOT NULL,
    lesson_deleted_at TIMESTAMP OPTIONS (description = "Null: never deleted"),
    partnership_type STRING OPTIONS (description = "The instructor's, at load"),
    department_code STRING OPTIONS (description = "The meeting point's; null: abroad"),
    duration_minutes INT64 OPTIONS (description = "Null where nobody knows it")
)
PARTITION BY DATE(lesson_start_at)
CLUSTER BY partnership_type, department_code
OPTIONS (description = "Lesson slots offered", require_partition_filter = TRUE);
