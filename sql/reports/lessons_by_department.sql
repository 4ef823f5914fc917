SELECT
    partnership_type,
    COALESCE(department_code, 'outside France') AS department_code,
    COUNT(*) AS lessons,
    COUNTIF(lesson_deleted_at < lesson_start_at) AS deleted,
    COUNTIF(given) AS given
FROM
    lesson_outcomes(
        TIMESTAMP(@from_day, 'Europe/Paris'),
        TIMESTAMP(DATE_ADD(@to_day, INTERVAL 1 DAY), 'Europe/Paris')
    )
WHERE
    ARRAY_LENGTH(@partnership_types) = 0
    OR partnership_type IN UNNEST(@partnership_types)
GROUP BY department_code, partnership_type
ORDER BY department_code, partnership_type
