ASSERT (
    SELECT COUNT(*) FROM loading_rows
    WHERE load_id = @load_id
) = @sent AS "rows of this load are gone from loading_rows: load the file again";

MERGE INTO bookings AS known
USING (
    SELECT
        new_row.booking_id,
        new_row.lesson_id,
        new_row.booking_created_at,
        new_row.booking_deleted_at,
        lesson.lesson_start_at
    FROM loading_rows AS new_row
    INNER JOIN lessons AS lesson ON new_row.lesson_id = lesson.lesson_id
    WHERE
        new_row.load_id = @load_id
        AND lesson.lesson_start_at >= TIMESTAMP "0001-01-01 00:00:00+00"
) AS loaded
    ON known.booking_id = loaded.booking_id
WHEN
MATCHED
AND (
    known.lesson_id != loaded.lesson_id
    OR known.booking_created_at != loaded.booking_created_at
    OR known.booking_deleted_at IS DISTINCT FROM loaded.booking_deleted_at
    OR known.lesson_start_at != loaded.lesson_start_at
)
THEN
    UPDATE SET
        lesson_id = loaded.lesson_id,
        booking_created_at = loaded.booking_created_at,
        booking_deleted_at = loaded.booking_deleted_at,
        lesson_start_at = loaded.lesson_start_at
WHEN NOT MATCHED THEN
    INSERT (booking_id, lesson_id, booking_created_at, booking_deleted_at, lesson_start_at)
    VALUES (
        loaded.booking_id,
        loaded.lesson_id,
        loaded.booking_created_at,
        loaded.booking_deleted_at,
        loaded.lesson_start_at
    );

SELECT @@row_count AS changed;
