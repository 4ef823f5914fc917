WITH emitted AS (
    -- What each version said last of each slot, whether or not another version has spoken since.
    SELECT
        model_version,
        slot_id,
        probability
    FROM
        outputs_in_order(
            TIMESTAMP(@from_day, 'Europe/Paris'),
            TIMESTAMP(DATE_ADD(@to_day, INTERVAL 1 DAY), 'Europe/Paris')
        )
    QUALIFY turn = MAX(turn) OVER (PARTITION BY model_version, slot_id)
),

judged AS (
    SELECT
        emitted.model_version,
        emitted.probability,
        DATE(outcomes.lesson_start_at, 'Europe/Paris') AS day,
        IF(outcomes.booked, 1.0, 0.0) AS booked,
        LEAST(CAST(FLOOR(emitted.probability * 10) AS INT64), 9) AS tenth
    FROM emitted
    INNER JOIN
        lesson_outcomes(
            TIMESTAMP(@from_day, 'Europe/Paris'),
            TIMESTAMP(DATE_ADD(@to_day, INTERVAL 1 DAY), 'Europe/Paris')
        ) AS outcomes
        ON emitted.slot_id = outcomes.lesson_id
    WHERE
        emitted.probability IS NOT NULL
        AND outcomes.lesson_start_at <= @known_until
),

tenths AS (
    SELECT
        model_version,
        day,
        tenth,
        COUNT(*) AS slots,
        SUM(probability) AS expected,
        SUM(booked) AS booked,
        SUM(POW(probability - booked, 2)) AS squares
    FROM judged
    GROUP BY model_version, day, tenth
)

SELECT
    model_version,
    day,
    model_version IN UNNEST(@revoked_versions) AS revoked,
    SUM(slots) AS slots,
    SUM(expected) / SUM(slots) AS mean_probability,
    SUM(booked) / SUM(slots) AS booked_share,
    SUM(ABS(expected - booked)) / SUM(slots) AS calibration_error,
    SUM(squares) / SUM(slots) AS brier
FROM tenths
GROUP BY model_version, day
ORDER BY model_version, day
