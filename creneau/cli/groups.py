"""Which module serves which commands.

Each module has ``attach(app)``, which hangs its commands on the main app.
"""

from importlib import import_module

import typer

MODULES = (
    "demo",
    "status",
    "model",
    "replay",
    "worker",
    "dead",
    "archive",
    "warehouse",
    "report",
    "topics",
    "contract",
    "sandbox",
)


def attach(app: typer.Typer) -> None:
    """Hang every command on the main ``app``, in the order in which ``--help`` lists them."""
    for name in MODULES:
        import_module(f"creneau.cli.{name}").attach(app)
