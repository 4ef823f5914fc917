"""The worker: scores slot-created events exactly once."""
