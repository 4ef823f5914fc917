"""Kafka Streams: its jars, locked and fetched as the embedded Kafka's are, and its class compiled.

``python -m bench.peers.java --lock`` resolves the jars again and writes the lock.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.peers.environments import CACHE, LOCKS, PeerUnusableError, run
from producer_contract.errors import CreneauError
from producer_contract.testing.jars import (
    KAFKA_VERSION,
    Jar,
    fetch,
    resolve_again,
    verify,
    write_lock,
)

SOURCE: Final = Path(__file__).with_name("StreamsApp.java")
LOCK: Final = LOCKS / "streams-jars.json"
ENDPOINT: Final = (
    f"org.apache.kafka:kafka-streams:{KAFKA_VERSION}!"
    "+com.fasterxml.jackson.core:jackson-databind:2.21.2!"
    "+org.slf4j:slf4j-nop:1.7.36!"
)
LEAST: Final = 17
"""The Java that the class is written for."""


class NoJdkError(Exception):
    """There is no compiler of Java here: the peer is left out, and that is said."""


def streams_command() -> list[str | Path]:
    """What starts the application, its own arguments aside.

    Raises:
        NoJdkError: no JDK, or one that is too old.
        PeerUnusableError: the jars cannot be fetched, or it does not compile.
    """
    home = jdk()
    jars = [Jar(**jar) for jar in json.loads(LOCK.read_text("utf-8"))["jars"]]
    place = CACHE / "streams-jars"
    try:
        fetch(jars, place)
        for jar in jars:
            verify(place / jar.file, jar)
    except CreneauError as error:
        raise PeerUnusableError(f"streams: {error}") from error
    class_path = os.pathsep.join(str(place / jar.file) for jar in jars)
    digest = hashlib.sha256(SOURCE.read_bytes() + LOCK.read_bytes()).hexdigest()[:12]
    classes = CACHE / f"streams-{digest}"
    if not (classes / "StreamsApp.class").exists():
        run("streams", [home / "javac", "-d", classes, "-cp", class_path, SOURCE])
    return [home / "java", "-cp", os.pathsep.join([str(classes), class_path]), "StreamsApp"]


def jdk() -> Path:
    """The folder of ``javac`` and the ``java`` beside it: of ``JAVA_HOME``, or of the path.

    Raises:
        NoJdkError: there is none, or one that is too old.
    """
    home = os.environ.get("JAVA_HOME")
    javac = shutil.which("javac", path=f"{home}/bin" if home else None)
    if javac is None:
        raise NoJdkError("no javac was found: set JAVA_HOME to a JDK of Java 17 or newer")
    said = subprocess.run([javac, "-version"], capture_output=True, text=True, check=False).stdout
    version = major(said)
    if version < LEAST:
        raise NoJdkError(f"{javac} is of Java {version}: {LEAST} or newer is needed (JAVA_HOME)")
    return Path(javac).resolve().parent


def major(said: str) -> int:
    """The version of Java in what ``javac -version`` says; 0: it cannot be read.

    >>> major("javac 17.0.15"), major("javac 1.8.0_402"), major("")
    (17, 1, 0)
    """
    found = re.search(r"javac (\d+)", said)
    return int(found[1]) if found else 0


if __name__ == "__main__" and "--lock" in sys.argv:
    write_lock(LOCK, ENDPOINT, resolve_again(ENDPOINT))
