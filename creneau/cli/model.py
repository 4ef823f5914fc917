"""``creneau model``: train, register, promote, and look at models."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creneau.cli import model_ledger, model_training
from creneau.cli.options import Json, Reason

if TYPE_CHECKING:
    from ledger.fold import LedgerState, Model

Version = Annotated[str, typer.Argument(metavar="VERSION", help="As creneau model list shows it.")]
Data = Annotated[
    Path,
    typer.Option(
        "--data", help="A folder with lessons.csv and bookings.csv, see creneau sandbox market."
    ),
]


def attach(app: typer.Typer) -> None:
    """Hang ``model`` on the main app."""
    model = typer.Typer(
        help="Models: train, register, promote, compare, revoke.", no_args_is_help=True
    )
    model.command()(model_training.train)
    for command in (register, promote, show, compare):
        model.command()(command)
    model.command("list")(list_models)
    # Revoking and the history are a module of their own.
    model_ledger.attach(model)
    app.add_typer(model, name="model")


def register(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="What creneau model train wrote, or a bare .skops file."
        ),
    ],
    version: Annotated[
        str | None,
        typer.Option(help="Its name; unset: the date and eight characters of the digest."),
    ] = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Keep a model in the store and make it known on the ledger. It does not score yet."""
    from creneau import registry
    from creneau.cluster import ready
    from creneau.settings import load_settings
    from model.store import ModelStore

    settings = load_settings()
    kafka = ready(settings.kafka_settings())
    store = ModelStore(settings.store_url)
    done = registry.register(kafka, store, path, version=version, reason=reason)
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    typer.echo(f"{'registered' if done.written else 'is registered already:'} {done.version}")
    typer.echo(f"next: creneau model promote {done.version}")


def promote(version: Version, reason: Reason = "", as_json: Json = False) -> None:
    """Put a registered model in force, once it has loaded and passed its self-test.

    Workers swap by themselves, within a second.
    """
    from creneau import registry
    from creneau.cluster import ready
    from creneau.settings import load_settings
    from model.store import ModelStore

    settings = load_settings()
    kafka = ready(settings.kafka_settings())
    store = ModelStore(settings.store_url)
    done = registry.promote(kafka, store, version, reason=reason)
    if as_json:
        typer.echo(json.dumps(asdict(done)))
    elif done.written:
        typer.echo(f"promoted {done.version}: in force from epoch {done.offset} on")
    else:
        typer.echo(f"{done.version} is in force already")


def list_models(as_json: Json = False) -> None:
    """Every registered model, oldest first, and which one scores."""
    state = _ledger()
    rows = [_described(state, model) for model in state.models.values()]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    if not rows:
        typer.echo("no model is registered; next: creneau model train --data DIR")
    width = max((len(row["version"]) for row in rows), default=0)
    for row in rows:
        auc = row["metrics"].get("auc")
        quality = f"AUC {auc:.4f}" if isinstance(auc, float) else ""
        typer.echo(
            f"{row['version']:{width}}  {row['state']:10}  {row['digest'][:8]}  "
            f"{row['registered_on']}  {quality}".rstrip()
        )


def show(version: Version, as_json: Json = False) -> None:
    """Everything the ledger knows of one model."""
    state = _ledger()
    row = _described(state, state.model(version))
    if as_json:
        typer.echo(json.dumps(row))
        return
    metrics = row.pop("metrics")
    for name, value in (row | metrics).items():
        typer.echo(f"{name:20} {value:.4f}" if isinstance(value, float) else f"{name:20} {value}")


def compare(
    first: Annotated[str, typer.Argument(metavar="V", help="A registered version.")],
    second: Annotated[str, typer.Argument(metavar="W", help="Another one.")],
    data: Data,
    as_json: Json = False,
) -> None:
    """Both models on the same lessons: scores, mean shift, how many cross 0.5."""
    from creneau.registry import load_version
    from creneau.settings import load_settings
    from model.dataset import read_lessons
    from model.evaluation import difference
    from model.store import ModelStore

    lessons = read_lessons(data)
    store = ModelStore(load_settings().store_url)
    state = _ledger()
    before, after = (
        load_version(state, store, version).probabilities(lessons.matrix)
        for version in (first, second)
    )
    found = difference(before, after, lessons.booked)
    if as_json:
        typer.echo(json.dumps({"first_version": first, "second_version": second} | asdict(found)))
        return
    for version, score, mean in (
        (first, found.first, found.mean_first),
        (second, found.second, found.mean_second),
    ):
        typer.echo(
            f"{version}: AUC {score.auc:.4f}  log loss {score.log_loss:.4f}  "
            f"Brier {score.brier:.4f}  mean {mean:.4f}"
        )
    typer.echo(
        f"on {found.lessons} lessons: mean shift {found.mean_shift:+.4f}, "
        f"mean absolute shift {found.mean_absolute_shift:.4f}, {found.crossed_half} cross 0.5"
    )


def _ledger() -> "LedgerState":
    from creneau.cluster import ready
    from creneau.settings import load_settings
    from ledger.reader import read_ledger

    return read_ledger(ready(load_settings().kafka_settings()))


def _described(state: "LedgerState", model: "Model") -> dict[str, Any]:
    from ledger.records import utc_text

    if model.revoked_at is not None:
        standing = "revoked"
    else:
        standing = "in force" if state.in_force == model.version else "registered"
    return {
        "version": model.version,
        "state": standing,
        "revoked_at": model.revoked_at,
        "digest": model.digest,
        "uri": model.uri,
        "features_version": model.features_version,
        "registered_on": utc_text(model.registered_on),
        "metrics": dict(model.metrics),
    }
