-- What was foretold and what happened, of all lessons. For a period, ask outcomes_between, which
-- reads its days and those around: 100,000,000 lessons are 32 GB here.
CREATE OR REPLACE VIEW outcomes
OPTIONS (description = "Probability in force and outcome of each lesson")
AS
SELECT *
FROM creneau.outcomes_between(
    TIMESTAMP "0001-01-01 00:00:00+00", TIMESTAMP "9999-12-31 23:59:59+00"
);
