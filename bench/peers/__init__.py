"""What a user would pick instead, on the same topics: each peer in an environment of its own."""
