CREATE TABLE IF NOT EXISTS instructors (
  instructor_id STRING NOT NULL,
  partnership_type STRING NOT NULL,
  departement STRING NOT NULL OPTIONS (description = "INSEE code"),
  joined_at TIMESTAMP NOT NULL
)
OPTIONS (description = "One row per instructor");
