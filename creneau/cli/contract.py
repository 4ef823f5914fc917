"""``creneau contract``: check a file of events, export the contract for other languages."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from producer_contract.json_lines import CheckedLine

LISTED = 1_000
"""So many refused lines are listed in the JSON, whatever the file: memory stays bounded."""


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
    as_json: Annotated[
        bool,
        typer.Option("--json", help=f"Print JSON: counts, and the first {LISTED:,} refused lines."),
    ] = False,
) -> None:
    """Check slot-created events; say which lines would be refused, and why.

    Exit code 1: at least one is refused. The message key is not in the file and not checked.
    """
    refused: Counter[str] = Counter()
    checked, listed = 0, list[dict[str, object]]()
    for line in _checked_lines(file):
        checked += 1
        if line.refusal is None:
            continue
        code, reason = line.refusal.code, line.refusal.reason
        refused[code] += 1
        if not as_json:
            typer.echo(f"line {line.number}: {code}: {reason}")
        elif len(listed) < LISTED:
            listed.append({"line": line.number, "code": code, "reason": reason})
    if as_json:
        found = {"checked": checked, "refused": refused.total(), "by_code": refused}
        typer.echo(json.dumps(found | {"invalid": listed}, ensure_ascii=False))
    else:
        typer.echo(f"{checked} events checked, {refused.total()} would be refused")
    if refused:
        raise typer.Exit(1)


def export(
    out: Annotated[Path, typer.Option(help="The folder to write into.")] = Path("creneau-contract"),
) -> None:
    """Write the contract as AsyncAPI 3 and JSON Schema."""
    from producer_contract.documents import write_documents

    for path in write_documents(out):
        typer.echo(str(path))


def _checked_lines(file: str) -> "Iterator[CheckedLine]":
    """The verdict on each line; only what goes wrong in reading is said to be the file's fault."""
    from producer_contract.errors import BadUseError
    from producer_contract.json_lines import check_lines

    try:
        if file == "-":
            yield from check_lines(sys.stdin.buffer)
        else:
            with Path(file).open("rb") as stream:
                yield from check_lines(stream)
    except OSError as error:
        raise BadUseError(
            f"{file} cannot be read ({error.strerror}); give a file of JSON lines, or -"
        ) from error
