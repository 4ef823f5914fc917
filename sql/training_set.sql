WITH announced AS (
    -- What was announced is what was known at creation: the first event of a slot, as it came. By
    -- time first: offsets begin at 0 again where the topic was made anew.
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
        TRUE AS announced,
        JSON_VALUE(event, '$.partnership_type') AS partnership_type,
        SAFE_CAST(JSON_VALUE(event, '$.latitude') AS FLOAT64) AS latitude,
        SAFE_CAST(JSON_VALUE(event, '$.longitude') AS FLOAT64) AS longitude,
        -- BigQuery reads no more than six digits of a fraction; the contract cuts there too.
        SAFE_CAST(
            REGEXP_REPLACE(JSON_VALUE(event, '$.created_at'), r'(\.[0-9]{6})[0-9]+', r'\1')
            AS TIMESTAMP
        ) AS created_at,
        SAFE_CAST(
            REGEXP_REPLACE(JSON_VALUE(event, '$.lesson_start_at'), r'(\.[0-9]{6})[0-9]+', r'\1')
            AS TIMESTAMP
        ) AS lesson_start_at,
        SAFE_CAST(JSON_VALUE(event, '$.duration_minutes') AS INT64) AS duration_minutes
    FROM announced
)

-- The event is the source of a whole row or of none of it: a field that the event left empty was
-- not known then, and what the warehouse has there came later.
SELECT
    lesson.lesson_id,
    lesson.booked,
    IF(event.announced, event.partnership_type, lesson.partnership_type) AS partnership_type,
    IF(event.announced, event.latitude, meeting_point.mp_latitude) AS latitude,
    IF(event.announced, event.longitude, meeting_point.mp_longitude) AS longitude,
    IF(event.announced, event.duration_minutes, lesson.duration_minutes) AS duration_minutes,
    UNIX_MICROS(IF(event.announced, event.created_at, lesson.lesson_created_at)) AS created_at,
    UNIX_MICROS(IF(event.announced, event.lesson_start_at, lesson.lesson_start_at))
        AS lesson_start_at
FROM
    lesson_outcomes(
        TIMESTAMP(@from_day, 'Europe/Paris'),
        TIMESTAMP(DATE_ADD(@to_day, INTERVAL 1 DAY), 'Europe/Paris')
    ) AS lesson
LEFT JOIN known_at_creation AS event
    ON lesson.lesson_id = event.slot_id
LEFT JOIN meeting_points AS meeting_point
    ON lesson.meeting_point_id = meeting_point.meeting_point_id
WHERE
    lesson.lesson_start_at <= @known_until
    AND (event.announced OR @unannounced)
ORDER BY created_at, lesson_id
