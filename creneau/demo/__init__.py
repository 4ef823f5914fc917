"""The main job, shown from end to end on a Kafka of its own, and checked from outside."""
