"""Options that several commands take."""

from datetime import datetime
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[
    str | None,
    typer.Argument(
        metavar="ID", help="Its beginning is enough; unset: the active one, or the last."
    ),
]
Reason = Annotated[str, typer.Option(help="Why; kept on the ledger.")]
FromModels = Annotated[
    list[str] | None,
    typer.Option(
        "--from-model",
        metavar="VERSION",
        help="What is to be corrected (may be repeated); unset: all ever revoked.",
    ),
]
WithModel = Annotated[
    str, typer.Option("--with", metavar="VERSION", help="The model to score with.")
]
Moment = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"],
        metavar="TIME",
        help="Only what is published from, or up to, then, as in 2026-11-24T03:00:00Z.",
    ),
]
Partitions = Annotated[str | None, typer.Option(help="Only these source partitions, as in 0,3,5.")]
