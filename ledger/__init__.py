"""Decisions and runs: what was in force, and what was scored under it."""
