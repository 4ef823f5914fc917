-- Every lesson slot that was ever offered; its id is the slot's id on Kafka.
--
-- Layout. A row takes 147 bytes (three identifiers of 36 characters 114, two times 16, type 5,
-- département 4, minutes 8): 100,000,000 lessons take 14.7 GB, 0.27 dollars a month at 0.02 a GiB.
-- With 0.61 bookings a lesson (what the synthetic market has):
--   lessons-by-department, seven months of two years, EI and EIRL (a fifth of the lessons): 55
--   bytes a lesson and 54 a booking are 8.8 GB; the partitions leave 2.6, the clustering 1.3, that
--   is 0.007 dollars at 6.25 a TiB instead of 0.05;
--   nth-lesson, a quarter of two years: 84 and 54 bytes are 11.7 GB; the partitions leave 1.5,
--   0.008 dollars instead of 0.07.
-- The filter is required, so that nobody reads all of it by accident. At 1,000 new slots a second
-- (86,400,000 a day) a day's partition is 13 GB, 0.24 dollars a month each, and only its own
-- columns and types are read.
-- A file is one load job into loading_rows, of 1,500 a day, and two statements, which are none.
-- partnership_type and department_code are written at load: no report joins for them, and once the
-- lesson has begun a later load leaves both as they are, though the instructor may have changed.
CREATE TABLE IF NOT EXISTS lessons (
    lesson_id STRING NOT NULL OPTIONS (description = "The slot's id on Kafka, slot_id"),
    instructor_id STRING NOT NULL,
    meeting_point_id STRING NOT NULL,
    lesson_start_at TIMESTAMP NOT NULL,
    lesson_created_at TIMESTAMP NOT NULL,
    lesson_deleted_at TIMESTAMP OPTIONS (description = "Null: never deleted"),
    partnership_type STRING OPTIONS (description = "The instructor's, see above"),
    department_code STRING OPTIONS (description = "The meeting point's; null: abroad"),
    duration_minutes INT64 OPTIONS (description = "Null where nobody knows it")
)
PARTITION BY DATE(lesson_start_at)
CLUSTER BY partnership_type, department_code
OPTIONS (description = "Lesson slots offered", require_partition_filter = TRUE);
