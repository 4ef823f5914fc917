"""What a probability is made of: no Kafka here."""
