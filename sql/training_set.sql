WITH announced AS (
    -- What was announced is what was known at creation: the first event of a slot, as it came.
    SELECT
        SAFE_CONVERT_BYTES_TO_STRING(`key`) AS slot_id,
        SAFE_CONVERT_BYTES_TO_STRING(`value`) AS event
    FROM slot_events
    WHERE
        -- A slot is announced three years before its lesson at most.
        published_at >= TIMESTAMP_SUB(TIMESTAMP(@from_day, 'Europe/Paris'), INTERVAL 1098 DAY)
        AND published_at < TIMESTAMP(DATE_ADD(@to_day, INTERVAL 1 DAY), 'Europe/Paris')
        AND code IS NULL
    QUALIFY
        ROW_NUMBER() OVER (PARTITION BY `key` ORDER BY published_at, source_offset) = 1
),

known_at_creation AS (
    SELECT
        slot_id,
        JSON_VALUE(event, '$.partnership_type') AS partnership_type,
        SAFE_CAST(JSON_VALUE(event, '$.latitude') AS FLOAT64) AS latitude,
        SAFE_CAST(JSON_VALUE(event, '$.longitude') AS FLOAT64) AS longitude,
        SAFE_CAST(JSON_VALUE(event, '$.created_at') AS TIMESTAMP) AS created_at,
        SAFE_CAST(JSON_VALUE(event, '$.lesson_start_at') AS TIMESTAMP) AS lesson_start_at,
        SAFE_CAST(JSON_VALUE(event, '$.duration_minutes') AS INT64) AS duration_minutes
    FROM announced
)

SELECT
    lesson.lesson_id,
    lesson.booked,
    COALESCE(event.partnership_type, lesson.partnership_type) AS partnership_type,
    COALESCE(event.latitude, meeting_point.mp_latitude) AS latitude,
    COALESCE(event.longitude, meeting_point.mp_longitude) AS longitude,
    COALESCE(event.duration_minutes, lesson.duration_minutes) AS duration_minutes,
    UNIX_MICROS(COALESCE(event.created_at, lesson.lesson_created_at)) AS created_at,
    UNIX_MICROS(COALESCE(event.lesson_start_at, lesson.lesson_start_at)) AS lesson_start_at
FROM
    lesson_outcomes(
        TIMESTAMP(@from_day, 'Europe/Paris'),
        TIMESTAMP(DATE_ADD(@to_day, INTERVAL 1 DAY), 'Europe/Paris')
    ) AS lesson
LEFT JOIN known_at_creation AS event
    ON lesson.lesson_id = event.slot_id
LEFT JOIN meeting_points AS meeting_point
    ON lesson.meeting_point_id = meeting_point.meeting_point_id
WHERE lesson.lesson_start_at <= @known_until
ORDER BY created_at, lesson_id
