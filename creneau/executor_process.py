"""One executor process, as ``creneau replay`` starts it; it reads the settings itself."""

import sys
from pathlib import Path


def main() -> int:
    """Execute until told to stop; the exit code.

    ``--started LOG``: by a starting command, whose log is ours.
    """
    from creneau.executor_log import write_here
    from creneau.replays import Replays
    from creneau.settings import load_settings
    from creneau.structured_log import configure_log
    from producer_contract.errors import CreneauError
    from replay.process import run

    started = "--started" in sys.argv[1:]
    if started:
        write_here(Path(sys.argv[sys.argv.index("--started") + 1]))
    configure_log()
    try:
        replays = Replays(load_settings())
        return run(
            replays.kafka,
            replays.replay,
            host=replays.host,
            var=replays.settings.var,
            load=replays.load,
            archive=replays.archive,
            started=started,
        )
    except CreneauError as error:
        print(f"creneau: {error}", file=sys.stderr, flush=True)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
