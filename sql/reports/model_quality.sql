WITH emitted AS (
    -- What each version said last of each slot, whether or not another version has spoken since.
    -- Of three months around: the lesson may have been moved since. A withdrawal may have no start.
    SELECT
        model_version,
        slot_id,
        probability
    FROM slot_probabilities
    WHERE
        (
            lesson_start_at >= TIMESTAMP(DATE_SUB(@from_day, INTERVAL 92 DAY), 'Europe/Paris')
            AND lesson_start_at < TIMESTAMP(
                DATE_ADD(LEAST(@to_day, DATE '9999-09-01'), INTERVAL 93 DAY), 'Europe/Paris'
            )
        )
        OR lesson_start_at IS NULL
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY model_version, slot_id
            ORDER BY source_offset DESC, epoch DESC, log_offset DESC
        ) = 1
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
