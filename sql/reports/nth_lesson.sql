WITH counted AS (
    SELECT
        lesson_id,
        instructor_id,
        lesson_start_at,
        lesson_start_at >= TIMESTAMP(@from_day, 'Europe/Paris')
        AND lesson_start_at < TIMESTAMP(DATE_ADD(@to_day, INTERVAL 1 DAY), 'Europe/Paris')
            AS in_period,
        ROW_NUMBER() OVER (PARTITION BY instructor_id ORDER BY lesson_start_at, lesson_id) AS number
    FROM
        lessons_given(
            TIMESTAMP(@count_from, 'Europe/Paris'),
            TIMESTAMP(DATE_ADD(@count_to, INTERVAL 1 DAY), 'Europe/Paris')
        )
),

instructors AS (
    SELECT
        instructor_id,
        COUNTIF(in_period) AS lessons,
        MIN(IF(number = @nth, lesson_start_at, NULL)) AS nth_lesson_start_at,
        MIN(IF(number = @nth, lesson_id, NULL)) AS nth_lesson_id
    FROM counted
    GROUP BY instructor_id
),

placed AS (
    SELECT
        *,
        ROW_NUMBER() OVER (ORDER BY lessons DESC, instructor_id ASC) AS place,
        DATE(nth_lesson_start_at, 'Europe/Paris') AS nth_lesson_day
    FROM instructors
    WHERE lessons > 0
)

SELECT
    place,
    instructor_id,
    lessons,
    nth_lesson_day,
    nth_lesson_start_at,
    nth_lesson_id
FROM placed
WHERE place <= @top
ORDER BY place
