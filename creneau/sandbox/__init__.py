"""What stands in for the world around Créneau: a Kafka, a slot app and its synthetic market."""
