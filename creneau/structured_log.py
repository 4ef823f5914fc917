"""The log of a process that works in the background: structlog, on standard error."""

import sys
from typing import Any

import structlog


def configure_log(*, stream: Any = sys.stderr) -> None:
    """structlog to ``stream``: for people at a terminal, JSON lines elsewhere."""
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if stream.isatty():
        processors.append(structlog.dev.ConsoleRenderer())
    else:
        processors.append(structlog.processors.JSONRenderer())
    structlog.configure(
        processors=processors, logger_factory=structlog.PrintLoggerFactory(file=stream)
    )
