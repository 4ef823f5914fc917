-- Each slot's probability in force, for lessons of a period: the reader's rule (docs/protocol.md),
-- apply what is not below in (source_offset, epoch), so the highest counts, and of equal ones the
-- last on the log. A withdrawal (probability null) leaves no probability in force; it may not know
-- when the lesson was, so the null partition is always read.
-- The rule comes before the period: a slot that was announced again for another day is in force
-- there, and no more here. So the outputs of 92 days around the period are read too; a slot that
-- was moved further than that is seen on both its days.
CREATE OR REPLACE TABLE FUNCTION probabilities_between (from_time TIMESTAMP, to_time TIMESTAMP)
OPTIONS (description = "Each slot's probability in force, of lessons in [from_time, to_time)")
AS (
    SELECT
        last_word.slot_id,
        last_word.probability,
        last_word.model_version,
        last_word.epoch,
        last_word.source_partition,
        last_word.source_offset,
        last_word.lesson_start_at,
        last_word.scored_at,
        last_word.replay_id
    FROM (
        SELECT *
        FROM creneau.slot_probabilities AS output
        WHERE
            (
                -- LEAST and GREATEST keep within BigQuery's years, 1 to 9999.
                output.lesson_start_at >= LEAST(
                    from_time,
                    TIMESTAMP_SUB(
                        GREATEST(from_time, TIMESTAMP "0002-01-01 00:00:00+00"), INTERVAL 92 DAY
                    )
                )
                AND output.lesson_start_at < GREATEST(
                    to_time,
                    TIMESTAMP_ADD(
                        LEAST(to_time, TIMESTAMP "9999-01-01 00:00:00+00"), INTERVAL 92 DAY
                    )
                )
            )
            OR output.lesson_start_at IS NULL
        QUALIFY ROW_NUMBER() OVER (
            PARTITION BY output.slot_id
            ORDER BY output.source_offset DESC, output.epoch DESC, output.log_offset DESC
        ) = 1
    ) AS last_word
    WHERE
        last_word.probability IS NOT NULL
        AND last_word.lesson_start_at >= from_time
        AND last_word.lesson_start_at < to_time
);
