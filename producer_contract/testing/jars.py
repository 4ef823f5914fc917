"""Apache Kafka's jars: locked by SHA-256, fetched once with jgo, verified at every start.

``python -m producer_contract.testing.jars`` fetches what is missing; with ``--lock`` it resolves
the endpoint again and writes the lock file (for a new version of Kafka).
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from producer_contract.errors import CreneauError
from producer_contract.testing.errors import JarRefusedError, JarsUnavailableError

KAFKA_VERSION: Final = "4.3.1"
# The "!" keeps log4j's managed versions out: with them kafka-clients 3.9.1 wins and the broker
# dies at start.
ENDPOINT: Final = (
    f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}!"
    "+org.apache.logging.log4j:log4j-slf4j-impl:2.25.3!"
    "+org.apache.logging.log4j:log4j-core:2.25.3!"
)
LOCK_FILE: Final = Path(__file__).with_name("kafka-jars.json")
FETCH_AGAIN: Final = "python -m producer_contract.testing.jars"


@dataclass(frozen=True, slots=True)
class Jar:
    """One jar of the lock: its Maven coordinate ``group:artifact:version`` and its SHA-256."""

    coordinate: str
    sha256: str

    @property
    def file(self) -> str:
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def locked() -> list[Jar]:
    """The jars of the lock, in class path order."""
    return [Jar(**jar) for jar in json.loads(LOCK_FILE.read_text("utf-8"))["jars"]]


def folder() -> Path:
    """Where the jars lie: ``CRENEAU_KAFKA_JARS``, or this user's cache folder."""
    chosen = os.environ.get("CRENEAU_KAFKA_JARS")
    if chosen:
        return Path(chosen)
    cache = os.environ.get("XDG_CACHE_HOME")
    base = Path(cache) if cache else Path.home() / ".cache"
    return base / "creneau" / f"kafka-{KAFKA_VERSION}"


def class_path(place: Path | None = None) -> str:
    """The class path of a broker: every locked jar, fetched if absent, verified byte by byte.

    Raises:
        JarRefusedError: a jar differs from the lock.
        JarsUnavailableError: a jar is absent and cannot be fetched.
    """
    place = (place or folder()).absolute()
    jars = locked()
    fetch(jars, place)
    for jar in jars:
        verify(place / jar.file, jar)
    return os.pathsep.join(str(place / jar.file) for jar in jars)


def verify(path: Path, jar: Jar) -> None:
    """Compare a file with the lock. Hashing all 44 MB takes about 0.1 s.

    Raises:
        JarRefusedError: it differs by a byte or more, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise JarRefusedError(f"the Kafka jar {path} cannot be read: {error.strerror}") from error
    if found != jar.sha256:
        raise JarRefusedError(
            f"the Kafka jar {path} is not the locked one (SHA-256 {found[:12]}…, locked "
            f"{jar.sha256[:12]}…): delete it and run `{FETCH_AGAIN}`"
        )


def fetch(jars: Iterable[Jar], place: Path) -> list[Jar]:
    """Download the jars that ``place`` lacks; give those that were downloaded.

    Each jar is verified before it appears under its name, so several processes may fetch at once.

    Raises:
        JarsUnavailableError: no network, or ``place`` cannot be written.
        JarRefusedError: what came is not what was locked.
    """
    missing = [jar for jar in jars if not (place / jar.file).exists()]
    if not missing:
        return []
    try:
        place.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(dir=place, prefix="fetching-") as scratch,
            ThreadPoolExecutor(max_workers=8) as pool,
        ):
            # list() so that the first failure is raised here.
            list(pool.map(lambda jar: _download(jar, Path(scratch), place), missing))
    except OSError as error:
        raise JarsUnavailableError(
            f"the Kafka jars cannot be kept in {place}: {error.strerror or error}; "
            "name a writable folder in CRENEAU_KAFKA_JARS"
        ) from error
    return missing


def _download(jar: Jar, scratch: Path, place: Path) -> None:
    # jgo is slow to import and not needed once the jars are there.
    from jgo.maven import MavenContext
    from requests import RequestException

    group, artifact, version = jar.coordinate.split(":")
    context = MavenContext(repo_cache=scratch, local_repos=[], timeout=30)
    source = context.project(group, artifact).at_version(version).artifact()
    try:
        path = Path(source.resolve())
    except (RequestException, RuntimeError) as error:
        raise JarsUnavailableError(
            f"the Kafka jar {jar.coordinate} cannot be downloaded from Maven Central "
            f"({type(error).__name__}): check the network, then run `{FETCH_AGAIN}`"
        ) from error
    verify(path, jar)
    path.replace(place / jar.file)


def resolve_again(endpoint: str) -> list[Jar]:
    """Resolve an endpoint of jgo's afresh from Maven Central and hash what comes.

    Raises:
        JarsUnavailableError: it cannot be reached.
    """
    import jgo
    from requests import RequestException

    found = []
    try:
        for artifact in jgo.resolve(endpoint):
            coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
            digest = hashlib.sha256(artifact.resolve().read_bytes()).hexdigest()
            found.append(Jar(coordinate, digest))
    except (RequestException, RuntimeError) as error:
        raise JarsUnavailableError(
            f"the Kafka jars cannot be resolved from Maven Central ({type(error).__name__}): "
            f"check the network, then run `{FETCH_AGAIN} --lock`"
        ) from error
    return found


def write_lock(file: Path, endpoint: str, jars: Sequence[Jar]) -> None:
    """Write the lock file of what an endpoint was resolved to."""
    content: dict[str, Any] = {
        "endpoint": endpoint,
        "jars": [{"coordinate": jar.coordinate, "sha256": jar.sha256} for jar in jars],
    }
    file.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def main(arguments: Sequence[str]) -> int:
    """Fetch and verify the jars, or with ``--lock`` lock them again; give the exit code."""
    try:
        if "--lock" in arguments:
            write_lock(LOCK_FILE, ENDPOINT, resolve_again(ENDPOINT))
        class_path()
    except CreneauError as error:
        print(f"creneau: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
