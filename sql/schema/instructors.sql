-- The instructors and the legal form they work in. Some ten thousand rows: a megabyte, read whole;
-- a query pays for 10 MB at least, so no layout could save anything.
CREATE TABLE IF NOT EXISTS instructors (
    instructor_id STRING NOT NULL,
    partnership_type STRING NOT NULL OPTIONS (description = "EI, EIRL, EURL, ME, SARL, SAS, SASU")
)
OPTIONS (description = "Instructors");
