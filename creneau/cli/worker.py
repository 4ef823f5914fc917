"""``creneau worker``: the pool of exactly-once workers."""

import sys
from typing import Annotated

import typer

PORT = 9400


def attach(app: typer.Typer) -> None:
    app.command()(worker)


def worker(
    processes: Annotated[
        int, typer.Option(min=1, help="Worker processes: one per core is a good start.")
    ] = 1,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where /metrics, /livez and /readyz answer.")
    ] = PORT,
) -> None:
    """Score slot-created events exactly once, until stopped (SIGTERM or Ctrl-C drain).

    A process that dies is started again, with back-off. With no model in force the workers wait.
    Settings: the section 'worker' of creneau.toml.
    """
    from consumer import preflight
    from consumer.exposition import exposition
    from consumer.pool import WorkerPool
    from consumer.settings import worker_settings
    from creneau.pools import serve
    from creneau.settings import load_settings
    from creneau.structured_log import configure_log

    settings = load_settings()
    worker_settings(settings.worker)
    configure_log()
    preflight.check(settings.kafka_settings())
    pool = WorkerPool([sys.executable, "-m", "creneau.cli.worker"], processes)
    raise typer.Exit(serve(pool, exposition(pool.state), port))


def _process() -> int:
    """One process of the pool."""
    import socket
    from functools import partial

    from consumer.process import run
    from consumer.settings import worker_settings
    from creneau.settings import load_settings
    from creneau.structured_log import configure_log
    from ledger.fold import Model
    from model.artifact import load
    from model.engine import Engine
    from model.store import ModelStore

    settings = load_settings()
    configure_log()

    def bring(store: ModelStore, model: Model) -> Engine:
        return load(store, model.uri, model.digest, model.version)

    return run(
        settings.kafka_settings(),
        worker_settings(settings.worker),
        host=settings.instance or socket.gethostname(),
        var=settings.var,
        load=partial(bring, ModelStore(settings.store_url)),
    )


if __name__ == "__main__":
    sys.exit(_process())
