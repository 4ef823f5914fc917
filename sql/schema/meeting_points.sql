CREATE TABLE IF NOT EXISTS meeting_points (
  meeting_point_id STRING NOT NULL,
  instructor_id STRING NOT NULL,
  latitude FLOAT64 NOT NULL OPTIONS (description = "WGS 84 degrees"),
  longitude FLOAT64 NOT NULL OPTIONS (description = "WGS 84 degrees"),
  departement STRING NOT NULL OPTIONS (description = "INSEE code")
)
OPTIONS (description = "One row per place where an instructor meets pupils");
