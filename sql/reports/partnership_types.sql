SELECT DISTINCT partnership_type
FROM lessons
WHERE
    lesson_start_at >= TIMESTAMP(@from_day, 'Europe/Paris')
    AND lesson_start_at < TIMESTAMP(DATE_ADD(@to_day, INTERVAL 1 DAY), 'Europe/Paris')
    AND partnership_type IS NOT NULL
ORDER BY partnership_type
