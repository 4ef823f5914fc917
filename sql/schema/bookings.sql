CREATE TABLE IF NOT EXISTS bookings (
  booking_id STRING NOT NULL,
  lesson_id STRING NOT NULL,
  booked_at TIMESTAMP NOT NULL,
  cancelled_at TIMESTAMP OPTIONS (description = "Null where the booking held")
)
PARTITION BY DATE(booked_at)
CLUSTER BY lesson_id
OPTIONS (description = "One row per booking, cancelled ones included");
