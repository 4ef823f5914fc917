"""The warehouse: BigQuery, or its emulator. All SQL stands in ``sql/``, one query per file."""
