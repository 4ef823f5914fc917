CREATE TABLE IF NOT EXISTS lessons (
  lesson_id STRING NOT NULL OPTIONS (description = "The slot's id on Kafka, slot_id"),
  instructor_id STRING NOT NULL,
  meeting_point_id STRING NOT NULL,
  partnership_type STRING NOT NULL OPTIONS (description = "The instructor's, written at load: EI, EIRL, EURL, ME, SARL, SAS, SASU"),
  created_at TIMESTAMP NOT NULL,
  lesson_start_at TIMESTAMP NOT NULL,
  duration_minutes INT64 NOT NULL,
  latitude FLOAT64 NOT NULL OPTIONS (description = "WGS 84 degrees"),
  longitude FLOAT64 NOT NULL OPTIONS (description = "WGS 84 degrees"),
  true_probability FLOAT64 OPTIONS (description = "Known in the synthetic market only, null elsewhere")
)
PARTITION BY DATE(lesson_start_at)
CLUSTER BY partnership_type
OPTIONS (description = "One row per lesson slot offered");
