-- What was foretold and what happened: each lesson of a period that has a probability in force,
-- with what became of it (lesson_outcomes). A slot is the warehouse's lesson: slot_id is lesson_id.
-- The period is one of the lessons as they are now: one that was moved by up to 92 days since its
-- announcement keeps its probability.
-- from_time: the first start of a lesson that counts; to_time: the first one that does not.
CREATE OR REPLACE TABLE FUNCTION outcomes_between (from_time TIMESTAMP, to_time TIMESTAMP)
OPTIONS (description = "Probability in force and outcome, of lessons in [from_time, to_time)")
AS (
    SELECT
        happened.*,
        foretold.probability,
        foretold.model_version,
        foretold.epoch,
        foretold.replay_id
    FROM creneau.lesson_outcomes(from_time, to_time) AS happened
    INNER JOIN
        creneau.probabilities_between(
            LEAST(
                from_time,
                TIMESTAMP_SUB(
                    GREATEST(from_time, TIMESTAMP "0002-01-01 00:00:00+00"), INTERVAL 92 DAY
                )
            ),
            GREATEST(
                to_time,
                TIMESTAMP_ADD(LEAST(to_time, TIMESTAMP "9999-01-01 00:00:00+00"), INTERVAL 92 DAY)
            )
        ) AS foretold
        ON happened.lesson_id = foretold.slot_id
);
