-- The lessons of a period that were given, as lesson_outcomes defines it.
CREATE OR REPLACE TABLE FUNCTION lessons_given (from_time TIMESTAMP, to_time TIMESTAMP)
OPTIONS (description = "Lessons given that start in [from_time, to_time)")
AS (
    SELECT * EXCEPT (booked, given)
    FROM creneau.lesson_outcomes(from_time, to_time)
    WHERE given
);
