"""How we talk to Kafka."""
