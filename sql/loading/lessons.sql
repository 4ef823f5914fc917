-- Not one MERGE: the target requires a filter on its partitions, and a MERGE that finds what is new
-- cannot have one there that the emulator sees. The filter lets every day through, because a lesson
-- may have been moved from any: 46 bytes a lesson are read, 4.6 GB of 100,000,000.
DECLARE changed INT64;

ASSERT (
    SELECT COUNT(*) FROM loading_rows
    WHERE load_id = @load_id
) = @sent AS "rows of this load are gone from loading_rows: load the file again";

CREATE TEMP TABLE loaded AS
SELECT
    new_row.lesson_id,
    new_row.instructor_id,
    new_row.meeting_point_id,
    new_row.lesson_start_at,
    new_row.lesson_created_at,
    new_row.lesson_deleted_at,
    instructor.partnership_type,
    meeting_point.department_code,
    new_row.duration_minutes
FROM loading_rows AS new_row
INNER JOIN instructors AS instructor ON new_row.instructor_id = instructor.instructor_id
INNER JOIN meeting_points AS meeting_point
    ON new_row.meeting_point_id = meeting_point.meeting_point_id
WHERE new_row.load_id = @load_id;

BEGIN TRANSACTION;

UPDATE lessons AS known
SET
    instructor_id = loaded.instructor_id,
    meeting_point_id = loaded.meeting_point_id,
    lesson_start_at = loaded.lesson_start_at,
    lesson_created_at = loaded.lesson_created_at,
    lesson_deleted_at = loaded.lesson_deleted_at,
    -- What was true when the lesson began stays so: only its own correction changes it.
    partnership_type = IF(
        known.lesson_start_at <= CURRENT_TIMESTAMP()
        AND known.instructor_id = loaded.instructor_id,
        known.partnership_type,
        loaded.partnership_type
    ),
    department_code = IF(
        known.lesson_start_at <= CURRENT_TIMESTAMP()
        AND known.meeting_point_id = loaded.meeting_point_id,
        known.department_code,
        loaded.department_code
    ),
    duration_minutes = loaded.duration_minutes
FROM loaded
WHERE
    known.lesson_id = loaded.lesson_id
    AND known.lesson_start_at >= TIMESTAMP "0001-01-01 00:00:00+00"
    AND (
        known.instructor_id != loaded.instructor_id
        OR known.meeting_point_id != loaded.meeting_point_id
        OR known.lesson_start_at != loaded.lesson_start_at
        OR known.lesson_created_at != loaded.lesson_created_at
        OR known.lesson_deleted_at IS DISTINCT FROM loaded.lesson_deleted_at
        OR (
            known.lesson_start_at > CURRENT_TIMESTAMP()
            AND (
                known.partnership_type IS DISTINCT FROM loaded.partnership_type
                OR known.department_code IS DISTINCT FROM loaded.department_code
            )
        )
        OR known.duration_minutes IS DISTINCT FROM loaded.duration_minutes
    );

SET changed = @@row_count;

INSERT INTO lessons (
    lesson_id,
    instructor_id,
    meeting_point_id,
    lesson_start_at,
    lesson_created_at,
    lesson_deleted_at,
    partnership_type,
    department_code,
    duration_minutes
)
SELECT
    loaded.lesson_id,
    loaded.instructor_id,
    loaded.meeting_point_id,
    loaded.lesson_start_at,
    loaded.lesson_created_at,
    loaded.lesson_deleted_at,
    loaded.partnership_type,
    loaded.department_code,
    loaded.duration_minutes
FROM loaded
WHERE loaded.lesson_id NOT IN (
    SELECT lesson.lesson_id
    FROM lessons AS lesson
    WHERE lesson.lesson_start_at >= TIMESTAMP "0001-01-01 00:00:00+00"
);

SET changed = changed + @@row_count;

UPDATE bookings AS booking
SET lesson_start_at = loaded.lesson_start_at
FROM loaded
WHERE
    booking.lesson_id = loaded.lesson_id
    AND booking.lesson_start_at != loaded.lesson_start_at;

COMMIT TRANSACTION;

SELECT changed;
