-- Each slot's probability in force, for lessons of a period, as outputs_in_order orders them. A
-- withdrawal (probability null) leaves no probability in force. A slot that was moved by more than
-- the 92 days that are looked at around the period is seen on both its days.
-- from_time: the first start of a lesson that counts; to_time: the first one that does not.
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
        FROM creneau.outputs_in_order(from_time, to_time)
        QUALIFY turn = MAX(turn) OVER (PARTITION BY slot_id)
    ) AS last_word
    WHERE
        last_word.probability IS NOT NULL
        AND last_word.lesson_start_at >= from_time
        AND last_word.lesson_start_at < to_time
);
