WITH offered AS (
    SELECT
        partnership_type,
        given,
        COALESCE(department_code, 'outside France') AS department_code,
        COALESCE(lesson_deleted_at < lesson_start_at, FALSE) AS deleted
    FROM
        lesson_outcomes(
            TIMESTAMP(@from_day, 'Europe/Paris'),
            TIMESTAMP(DATE_ADD(@to_day, INTERVAL 1 DAY), 'Europe/Paris')
        )
    WHERE
        -- BigQuery makes NULL of an empty array parameter (googleapis/python-bigquery#2325, #2360).
        COALESCE(ARRAY_LENGTH(@partnership_types), 0) = 0
        OR partnership_type IN UNNEST(@partnership_types)
)

SELECT
    department_code,
    partnership_type,
    COUNT(*) AS lessons,
    COUNTIF(deleted) AS deleted,
    COUNTIF(given) AS given
FROM offered
GROUP BY department_code, partnership_type
ORDER BY department_code, partnership_type
