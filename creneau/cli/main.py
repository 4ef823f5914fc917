"""``creneau``: finds the command, and turns our errors into one line and an exit code.

Each group of commands lives in a module of its own with an ``attach``. The modules import nothing
heavy at the top (rooms are imported inside the commands), so that ``creneau --help`` stays quick.
"""

import errno
import os
import sys
import tempfile
import traceback
from typing import NoReturn

import typer

from creneau.cli import groups
from producer_contract.errors import CreneauError

app = typer.Typer(
    name="creneau",
    help="Booking probabilities for lesson slots over Kafka, and the replay of a corrupted model.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help: importing and drawing with rich would be two thirds of the time that --help takes.
    rich_markup_mode=None,
    context_settings={"max_content_width": 120},
)
groups.attach(app)

_FULL = (errno.ENOSPC, errno.EDQUOT)


def main() -> None:
    """The console script: run the command, never show a traceback.

    What nobody foresaw is a bug: exit code 70 (EX_SOFTWARE of sysexits.h), the traceback in a file.
    """
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
        _drop_output()
        sys.exit(0)
    except OSError as error:
        if error.filename is not None or error.errno not in _FULL:
            _exit_as_a_bug(error)
        _drop_output()
        print(f"creneau: nothing more can be written: {error.strerror}", file=sys.stderr)
        sys.exit(3)
    except Exception as error:
        _exit_as_a_bug(error)


def _exit_as_a_bug(error: Exception) -> NoReturn:
    where = _keep_traceback()
    print(
        f"creneau: a bug: {type(error).__name__}: {error}; please report it with {where}",
        file=sys.stderr,
    )
    sys.exit(70)


def _drop_output() -> None:
    """What is still to be printed goes nowhere, or Python would try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _keep_traceback() -> str:
    """Write the traceback of the present exception to a file of its own, for who mends the bug."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="creneau-bug-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
    return file.name
