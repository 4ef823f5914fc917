-- The lessons of a period that were given, as lesson_outcomes defines it.
-- from_time: the first start of a lesson that counts; to_time: the first one that does not.
CREATE OR REPLACE TABLE FUNCTION lessons_given (from_time TIMESTAMP, to_time TIMESTAMP)
OPTIONS (description = "Lessons given that start in [from_time, to_time)")
AS (
    SELECT * EXCEPT (booked, given)
    FROM creneau.lesson_outcomes(from_time, to_time)
    WHERE given
);
