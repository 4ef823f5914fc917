"""``creneau``: finds the command, and turns our errors into one line and an exit code.

Each group of commands lives in a module of its own with a typer ``app``. The modules import nothing
heavy at the top (rooms are imported inside the commands), so that ``creneau --help`` stays quick.
"""

import os
import sys

import typer

from creneau.cli import groups
from producer_contract.errors import CreneauError

app = typer.Typer(
    name="creneau",
    help="Booking probabilities for lesson slots over Kafka, and the replay of a corrupted model.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
groups.attach(app)


def main() -> None:
    """The console script: run the command, never show a traceback."""
    try:
        app()
    except CreneauError as error:
        print(f"creneau: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("creneau: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has gone (`creneau … | head`): nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
