-- Every output that may speak of lessons of a period, with its turn among the outputs of its slot:
-- the reader's rule (docs/protocol.md) in one place. Of a slot's outputs the one with the highest
-- turn counts: the highest (source_offset, epoch), and of equal ones the last on the log.
-- Offsets and epochs can be compared within one topic only: when slot-probability was made anew,
-- source and ledger may have been too, and all of them begin at 0 again. What the newer topic says
-- comes after all that the older one said. Which is newer, its last output of the slot tells: Kafka
-- never has two topics of one name at once, so the older one's times all lie before.
-- The rule comes before the period: a slot that was announced again for another day is in force
-- there, and no more here. So the outputs of 92 days around the period are here too, and those that
-- do not know when the lesson was (withdrawals).
-- from_time: the first start of a lesson that counts; to_time: the first one that does not.
CREATE OR REPLACE TABLE FUNCTION outputs_in_order (from_time TIMESTAMP, to_time TIMESTAMP)
OPTIONS (description = "Outputs of lessons in [from_time, to_time) and around, by their turn")
AS (
    SELECT
        output.* EXCEPT (topic_spoke_at),
        ROW_NUMBER() OVER (
            PARTITION BY output.slot_id
            ORDER BY
                output.topic_spoke_at,
                output.topic_id,
                output.source_offset,
                output.epoch,
                output.log_offset
        ) AS turn
    FROM (
        SELECT
            *,
            MAX(published_at) OVER (PARTITION BY slot_id, topic_id) AS topic_spoke_at
        FROM creneau.slot_probabilities
        WHERE
            (
                -- LEAST and GREATEST keep within BigQuery's years, 1 to 9999.
                lesson_start_at >= LEAST(
                    from_time,
                    TIMESTAMP_SUB(
                        GREATEST(from_time, TIMESTAMP "0002-01-01 00:00:00+00"), INTERVAL 92 DAY
                    )
                )
                AND lesson_start_at < GREATEST(
                    to_time,
                    TIMESTAMP_ADD(
                        LEAST(to_time, TIMESTAMP "9999-01-01 00:00:00+00"), INTERVAL 92 DAY
                    )
                )
            )
            OR lesson_start_at IS NULL
    ) AS output
);
