"""``creneau demo``: the main job from end to end, checked from outside."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from creneau.demo.story import Result


def attach(app: typer.Typer) -> None:
    """Hang ``demo`` on the main app."""
    app.command()(demo)


def demo(
    seconds: Annotated[float, typer.Option(min=2, help="How long slots come.")] = 30.0,
    rate: Annotated[float, typer.Option(min=1, help="Slots per second.")] = 1_000.0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the result there.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running.")] = False,
) -> None:
    """Play the main job on a Kafka of its own: slots come, two workers score, one is killed.

    Exit code 0 only when no event was lost or done twice and every malformed one, and nothing
    else, was dead-lettered.
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
    with View(Console()) as view:
        result = play(Script(folder, seconds, rate, keep=keep), view)
    if json_file is not None:
        json_file.write_text(json.dumps(result.as_json(), indent=2) + "\n", "utf-8")
    for line in _summary(result):
        typer.echo(line)
    if keep:
        typer.echo("still running; to look around:")
        for line in ways_around(folder):
            typer.echo(f"  {line}")
    if not result.passed:
        raise typer.Exit(1)


def _summary(result: "Result") -> list[str]:
    verdict, latency = result.verdict, result.latency_ms
    recovery = result.recovery_seconds
    exact = "exactly the malformed ones" if verdict.dead_letters_exact else "NOT the malformed ones"
    return [
        f"published     {verdict.published}",
        f"scored        {verdict.scored}",
        f"dead letters  {verdict.dead_lettered} ({exact})",
        f"lost          {verdict.lost}",
        f"duplicated    {verdict.duplicated}",
        f"latency       p50 {latency['p50']:.0f} ms, p90 {latency['p90']:.0f} ms, "
        f"p99 {latency['p99']:.0f} ms, the recovery aside (worst of all {result.worst_seconds} s)",
        f"recovery      {'-' if recovery is None else f'{recovery} s'} after a worker was killed",
        *verdict.examples,
        "passed: every slot has exactly one outcome" if result.passed else "FAILED",
    ]


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
