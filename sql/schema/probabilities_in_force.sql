-- Each slot's probability in force, of all lessons: 132 bytes of every output ever made. For a
-- period, ask probabilities_between, which reads its days and 92 around.
CREATE OR REPLACE VIEW probabilities_in_force
OPTIONS (description = "Each slot's probability in force")
AS
SELECT *
FROM creneau.probabilities_between(
    TIMESTAMP "0001-01-01 00:00:00+00", TIMESTAMP "9999-12-31 23:59:59+00"
);
