SELECT
    judged.line,
    judged.reason
FROM (
    SELECT
        new_row.line,
        CASE
            WHEN COUNT(*) OVER (PARTITION BY new_row.booking_id) > 1
                THEN CONCAT("booking_id '", new_row.booking_id, "' comes more than once")
            WHEN lesson.lesson_id IS NULL
                THEN CONCAT("the warehouse has no lesson '", new_row.lesson_id, "'")
        END AS reason
    FROM loading_rows AS new_row
    LEFT JOIN (
        SELECT lesson_id
        FROM lessons
        WHERE lesson_start_at >= TIMESTAMP "0001-01-01 00:00:00+00"
    ) AS lesson ON new_row.lesson_id = lesson.lesson_id
    WHERE new_row.load_id = @load_id
) AS judged
WHERE judged.reason IS NOT NULL
ORDER BY judged.line
LIMIT @most
