-- The instructors and the legal form they work in. Some ten thousand rows: a megabyte, read whole;
-- a query pays for 10 MB at least, so no layout could save anything. 43 bytes a row: a million of
-- them, more than 100,000,000 slots or 1,000 a second ask for, are 43 MB, 0.0008 dollars a month.
-- No report reads it, for lessons carry the type; a load of lessons does, for 0.0003 dollars then.
-- A file is one load job into loading_rows, of 1,500 a day.
CREATE TABLE IF NOT EXISTS instructors (
    instructor_id STRING NOT NULL,
    partnership_type STRING NOT NULL OPTIONS (description = "EI, EIRL, EURL, ME, SARL, SAS, SASU")
)
OPTIONS (description = "Instructors");
