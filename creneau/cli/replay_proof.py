"""``creneau replay certificate | verify``: what was replayed, and the proof of it."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from creneau.cli.options import Id, Json


def attach(replay: typer.Typer) -> None:
    """Hang the commands on the group ``replay``."""
    replay.command()(certificate)
    replay.command("verify")(verify_command)


def certificate(
    replay_id: Id = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Where to; unset: <var>/certificates/ID.json; -: standard output."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the certificate of a completed replay, made again from ledger and runs."""
    from creneau.cluster import ready
    from creneau.replays import Replays, write_certificate
    from creneau.settings import load_settings
    from replay.canonical import canonical, digest

    replays = Replays(load_settings())
    ready(replays.kafka)
    made = replays.certificate(replay_id)
    if out is not None and str(out) == "-":
        # JSON already, whatever --json says.
        sys.stdout.buffer.write(canonical(made) + b"\n")
        return
    path = out or replays.certificate_path(made["replay_id"])
    write_certificate(made, path)
    if as_json:
        known = {"id": made["replay_id"], "certificate": str(path), "digest": digest(made)}
        typer.echo(json.dumps(known))
        return
    typer.echo(f"{path}  (SHA-256 {digest(made)})")
    typer.echo(f"next: creneau replay verify {path}")


def verify_command(
    path: Annotated[Path, typer.Argument(metavar="CERTIFICATE", help="A certificate's file.")],
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that look; unset: one per core for a large replay."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Prove a certificate again from what every reader can see: source, outputs, dead letters."""
    from creneau.cluster import ready
    from creneau.printable import printable
    from creneau.progress import VerifyProgress
    from creneau.replays import Replays
    from creneau.settings import load_settings
    from creneau.verifying import cores, processes_for, verify_with
    from ledger.reader import read_ledger
    from replay.canonical import read_certificate
    from replay.verify import verify

    replays = Replays(load_settings())
    kafka = ready(replays.kafka)
    certificate = read_certificate(path)
    number = processes_for(certificate, processes, cores())
    progress = VerifyProgress()
    if number > 1:
        found = verify_with(number, certificate, progress.show)
    else:
        state = read_ledger(kafka)
        found = verify(kafka, certificate, state, replays.archive, so_far=progress.show)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "verified": found.verified,
                    "mismatch": found.mismatch,
                    "checked": found.checked,
                    "left_behind": found.left_behind,
                    "examples": [asdict(example) for example in found.examples],
                    "read_from": found.read_from,
                }
            )
        )
    else:
        verdict = "verified" if found.verified else "NOT VERIFIED"
        archived = found.read_from["archive"]
        where = f" ({archived:,} of them in the archive)" if archived else ""
        typer.echo(
            f"{verdict}: {found.checked:,} events checked{where}, {found.left_behind:,} left behind"
        )
        for one in found.examples:
            typer.echo(
                f"  slot {printable(one.slot_id)} (partition {one.source_partition}, "
                f"offset {one.source_offset}): {one.why}"
            )
    if found.mismatch:
        typer.echo(found.mismatch, err=True)
    if not found.verified:
        raise typer.Exit(1)
