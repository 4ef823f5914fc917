-- What became of each lesson of a period. The two definitions stand here and nowhere else:
--   booked: somebody took the slot by the time it began, whether cancelled later or not;
--   given: it has a booking made no later than its start and not cancelled before it, and the
--   lesson was not deleted before it.
-- What happens at the very start comes too late to undo it. Two bookings on one lesson count once.
-- Both tables are read for the days of the period only, because a booking carries its lesson's
-- start.
-- from_time: the first start of a lesson that counts; to_time: the first one that does not.
CREATE OR REPLACE TABLE FUNCTION lesson_outcomes (from_time TIMESTAMP, to_time TIMESTAMP)
OPTIONS (description = "Lessons that start in [from_time, to_time), whether booked, whether given")
AS (
    WITH offered AS (
        SELECT *
        FROM creneau.lessons AS lesson
        WHERE
            lesson.lesson_start_at >= from_time
            AND lesson.lesson_start_at < to_time
    ),

    taken AS (
        SELECT
            offered.lesson_id,
            LOGICAL_OR(
                booking.booking_deleted_at IS NULL
                OR booking.booking_deleted_at >= offered.lesson_start_at
            ) AS held
        FROM offered
        INNER JOIN creneau.bookings AS booking
            ON offered.lesson_id = booking.lesson_id
        WHERE
            booking.lesson_start_at >= from_time
            AND booking.lesson_start_at < to_time
            AND booking.booking_created_at <= offered.lesson_start_at
        GROUP BY offered.lesson_id
    )

    SELECT
        offered.*,
        taken.lesson_id IS NOT NULL AS booked,
        COALESCE(taken.held, FALSE) AND (
            offered.lesson_deleted_at IS NULL
            OR offered.lesson_deleted_at >= offered.lesson_start_at
        ) AS given
    FROM offered
    LEFT JOIN taken ON offered.lesson_id = taken.lesson_id
);
