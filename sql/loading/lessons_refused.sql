SELECT
    judged.line,
    judged.reason
FROM (
    SELECT
        new_row.line,
        CASE
            WHEN COUNT(*) OVER (PARTITION BY new_row.lesson_id) > 1
                THEN CONCAT("lesson_id '", new_row.lesson_id, "' comes more than once")
            WHEN instructor.instructor_id IS NULL
                THEN CONCAT("the warehouse has no instructor '", new_row.instructor_id, "'")
            WHEN meeting_point.meeting_point_id IS NULL
                THEN CONCAT("the warehouse has no meeting point '", new_row.meeting_point_id, "'")
        END AS reason
    FROM loading_rows AS new_row
    LEFT JOIN instructors AS instructor ON new_row.instructor_id = instructor.instructor_id
    LEFT JOIN meeting_points AS meeting_point
        ON new_row.meeting_point_id = meeting_point.meeting_point_id
    WHERE new_row.load_id = @load_id
) AS judged
WHERE judged.reason IS NOT NULL
ORDER BY judged.line
LIMIT @most
