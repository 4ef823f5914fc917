"""``creneau demo``: the whole story from end to end, checked from outside."""

import json
from pathlib import Path
from typing import Annotated

import typer


def attach(app: typer.Typer) -> None:
    """Hang ``demo`` on the main app."""
    app.command()(demo)


def demo(
    seconds: Annotated[float, typer.Option(min=10, help="How long slots come, at least.")] = 30.0,
    rate: Annotated[float, typer.Option(min=1, help="Slots per second.")] = 1_000.0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the result there.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running.")] = False,
    no_warehouse: Annotated[
        bool, typer.Option("--no-warehouse", help="Leave BigQuery's emulator out.")
    ] = False,
) -> None:
    """Play the story on a Kafka of its own: a model is corrupted, revoked, and all is made good.

    Slots come, two workers score them; a flipped model is promoted, revoked and replayed while a
    worker and the executor are killed. Exit code 0 only when no event was lost or done twice,
    exactly the malformed ones were dead-lettered, no slot holds a number of the revoked model, and
    the certificate was verified.

    Beside it a small market is loaded into BigQuery's emulator, and what was scored is archived
    there. Where there can be no emulator that is said, and the story is all; where there is one,
    exit code 0 also says that the archive has exactly what Kafka holds.
    """
    from rich.console import Console

    from creneau.settings import load_settings

    folder = (load_settings().var / "demo").absolute()
    _needs_sandbox()
    from creneau.demo.stage import ways_around
    from creneau.demo.story import Script, play
    from creneau.demo.view import View

    _end_on_sigterm()
    if json_file is not None:
        _refuse_unwritable(json_file)
    try:
        with View(Console()) as view:
            script = Script(folder, seconds, rate, keep=keep, warehouse=not no_warehouse)
            result = play(script, view)
    except KeyboardInterrupt:
        typer.echo("creneau: interrupted; all that the demo had started has ended", err=True)
        raise typer.Exit(130) from None
    if json_file is not None:
        json_file.write_text(json.dumps(result.as_json(), indent=2) + "\n", "utf-8")
    if keep:
        typer.echo("still running; to look around:")
        for line in ways_around(folder):
            typer.echo(f"  {line}")
    if not result.passed:
        raise typer.Exit(1)


def _refuse_unwritable(path: Path) -> None:
    """Say so before the demo, not after it."""
    from producer_contract.errors import BadUseError

    try:
        path.touch()
    except OSError as error:
        raise BadUseError(
            f"{path} cannot be written: {error.strerror}; give another --json"
        ) from error


def _needs_sandbox() -> None:
    from producer_contract.errors import UnavailableError

    try:
        import producer_contract.testing.embedded  # noqa: F401
    except ModuleNotFoundError as error:
        raise UnavailableError(
            f"the demo needs the package '{error.name}': pip install 'creneau[sandbox]'"
        ) from error


def _end_on_sigterm() -> None:
    """SIGTERM ends the demo as Ctrl-C does: everything it started ends with it."""
    import signal

    signal.signal(signal.SIGTERM, signal.default_int_handler)
