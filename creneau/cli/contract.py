"""``creneau contract``: check a file of events, export the contract for other languages."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer


def attach(app: typer.Typer) -> None:
    """Hang ``contract`` on the main app."""
    contract = typer.Typer(
        help="What crosses the border with the slot app: check events, export the schema.",
        no_args_is_help=True,
    )
    contract.command("check")(check)
    contract.command("export")(export)
    app.add_typer(contract, name="contract")


def check(
    file: Annotated[
        str, typer.Argument(help="JSON lines, one slot-created event each; - reads standard input.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check slot-created events; say which lines would be refused, and why.

    Exit code 1: at least one is refused. The message key is not in the file and not checked.
    """
    from producer_contract.json_lines import check_lines

    checked, invalid = 0, []
    with _opened(file) as stream:
        for line in check_lines(stream):
            checked += 1
            if line.refusal is not None:
                code, reason = line.refusal.code, line.refusal.reason
                invalid.append({"line": line.number, "code": code, "reason": reason})
                if not as_json:
                    typer.echo(f"line {line.number}: {code}: {reason}")
    if as_json:
        typer.echo(json.dumps({"checked": checked, "invalid": invalid}, ensure_ascii=False))
    else:
        typer.echo(f"{checked} events checked, {len(invalid)} would be refused")
    if invalid:
        raise typer.Exit(1)


def export(
    out: Annotated[Path, typer.Option(help="The folder to write into.")] = Path("creneau-contract"),
) -> None:
    """Write the contract as AsyncAPI 3 and JSON Schema."""
    from producer_contract.documents import write_documents

    for path in write_documents(out):
        typer.echo(str(path))


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    from producer_contract.errors import BadUseError

    try:
        if file == "-":
            yield sys.stdin.buffer
        else:
            with Path(file).open("rb") as stream:
                yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        raise BadUseError(
            f"{file} cannot be read ({error.strerror}); give a file of JSON lines, or -"
        ) from error
