"""``creneau archive``: the pool of processes that load Kafka's records into BigQuery."""

import sys
from typing import Annotated

import typer

PORT = 9401


def attach(app: typer.Typer) -> None:
    app.command()(archive)


def archive(
    processes: Annotated[
        int, typer.Option(min=1, help="Archive processes: one is enough for most.")
    ] = 1,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where /metrics, /livez and /readyz answer.")
    ] = PORT,
) -> None:
    """Load every event, probability and dead letter into BigQuery exactly once, until stopped.

    SIGTERM or Ctrl-C finish the load jobs under way. A process that dies is started again, with
    back-off. Settings: the sections 'archive' and 'warehouse' of creneau.toml.
    """
    from creneau.cli.warehouse import needed
    from creneau.pools import serve
    from creneau.settings import load_settings
    from creneau.structured_log import configure_log
    from warehouse.archive.exposition import exposition
    from warehouse.archive.pool import ArchivePool
    from warehouse.archive.preflight import check
    from warehouse.archive.settings import archive_settings

    warehouse = needed()
    settings = load_settings()
    archive_settings(settings.archive)
    configure_log()
    check(settings.kafka_settings(), warehouse)
    pool = ArchivePool([sys.executable, "-m", "creneau.cli.archive"], processes)
    raise typer.Exit(serve(pool, exposition(pool.state), port))


def _process() -> int:
    """One process of the pool."""
    import socket

    from creneau.cli.warehouse import needed
    from creneau.settings import load_settings
    from creneau.structured_log import configure_log
    from warehouse.archive.process import run
    from warehouse.archive.settings import archive_settings

    settings = load_settings()
    configure_log()
    return run(
        settings.kafka_settings(),
        archive_settings(settings.archive),
        needed(),
        host=settings.instance or socket.gethostname(),
        var=settings.var,
    )


if __name__ == "__main__":
    sys.exit(_process())
