-- Where lessons begin, with the département found once, at ingestion (model.departements), never
-- per query. Some hundred thousand rows, 10 MB, read whole: no layout could save anything.
-- 75 bytes a row: a million, for 100,000,000 slots or 1,000 a second, are 75 MB, 0.0014 dollars a
-- month. No report reads it, for lessons carry the département; a load of lessons does, and the
-- training set (54 bytes a row, 0.0003 dollars). A file is one load job, of 1,500 a day.
CREATE TABLE IF NOT EXISTS meeting_points (
    meeting_point_id STRING NOT NULL,
    mp_latitude FLOAT64 OPTIONS (description = "WGS 84 degrees"),
    mp_longitude FLOAT64 OPTIONS (description = "WGS 84 degrees"),
    department_code STRING OPTIONS (description = "01, 2A, 971 …; null: outside France"),
    department_method STRING NOT NULL OPTIONS (description = "How it was found, or why not"),
    department_distance_m FLOAT64 OPTIONS (description = "To the polygon: 0 inside; null: abroad")
)
OPTIONS (description = "Meeting points and their départements");
