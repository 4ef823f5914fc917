"""The BigQuery emulator's own Python environment: made once, used by every later start.

``local-bigquery`` needs Python 3.13, which Créneau itself does not. What goes in is locked by
SHA-256 in ``emulator-lock.txt`` (``make lock`` writes it again).
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from producer_contract.errors import UnavailableError

LOCK_FILE: Final = Path(__file__).with_name("emulator-lock.txt")
OLDEST, NEWEST = (3, 13), (3, 15)
"""The versions of Python that the emulator takes, both included."""
PLACE_VARIABLE: Final = "CRENEAU_EMULATOR"
PYTHON_VARIABLE: Final = "CRENEAU_EMULATOR_PYTHON"
_READY: Final = "ready"
_MARKER: Final = "made-by-creneau"
"""A folder with this file in it is ours to delete."""
_UV_SECONDS: Final = 30.0
# DuckDB looks for its extensions below the home folder and would download what it does not find:
# the wheels carry them, and each is installed once from its file.
_INSTALL_EXTENSIONS: Final = """
import duckdb, pathlib, sysconfig
for file in pathlib.Path(sysconfig.get_path("purelib")).glob(
    "duckdb_extension_*/extensions/*/*.duckdb_extension"
):
    duckdb.execute(f"INSTALL '{file}'")
"""
_ASK_VERSION: Final = "import ensurepip, sys, venv; print(*sys.version_info[:2])"


class NoInterpreterError(UnavailableError):
    """There is no Python new enough for the emulator: install one, or run it elsewhere."""


class EmulatorNotInstalledError(UnavailableError):
    """The emulator's environment could not be made: mend the network or the folder."""


def place() -> Path:
    """Where the environment lies: below ``CRENEAU_EMULATOR``, or in this user's cache folder.

    Each lock has a folder of its own, so that a new version does not meddle with the old.
    """
    digest = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()
    return _base().absolute() / f"bigquery-emulator-{digest[:12]}"


def _base() -> Path:
    if chosen := os.environ.get(PLACE_VARIABLE):
        return Path(chosen)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "creneau"


def is_made() -> bool:
    """Whether the environment is there already."""
    return (place() / _READY).exists()


def environment() -> tuple[Path, Path]:
    """The environment's Python and the home folder to run it with, made if absent.

    Making it takes about a minute and 700 MB; of two processes at once one waits for the other.

    Raises:
        NoInterpreterError: no Python from 3.13 to 3.15 runs here.
        EmulatorNotInstalledError: a package cannot be fetched, or the folder cannot be written.
    """
    folder = place()
    python, home = folder / "bin" / "python", folder / "home"
    if not is_made():
        try:
            with _alone(folder):
                if not (folder / _READY).exists():
                    _make(find_interpreter(), folder, python, home)
        except OSError as error:
            raise EmulatorNotInstalledError(
                f"the BigQuery emulator cannot be kept in {folder}: {error.strerror or error}; "
                f"name a writable folder in {PLACE_VARIABLE}"
            ) from error
    return python, home


def find_interpreter() -> Path:
    """A Python that can run the emulator.

    ``CRENEAU_EMULATOR_PYTHON``, or else the first that really runs: our own, those on the path
    (a pyenv shim stands there for versions that it then refuses to run), pyenv's, uv's.

    Raises:
        NoInterpreterError: there is none.
    """
    if chosen := os.environ.get(PYTHON_VARIABLE):
        if fits(chosen):
            return Path(chosen)
        raise NoInterpreterError(
            f"{PYTHON_VARIABLE}={chosen} is not a Python from 3.13 to 3.15 with venv that runs: "
            "name another, or unset it"
        )
    for candidate in _candidates():
        if fits(candidate):
            return Path(candidate)
    raise NoInterpreterError(
        "the BigQuery emulator needs a Python from 3.13 to 3.15, or a Docker engine for its "
        "container image, and neither was found: install one (say pyenv install 3.13), name it in "
        f"{PYTHON_VARIABLE}, or start Docker"
    )


def fits(candidate: str) -> bool:
    """True when this command is a Python of the right version that runs and can make a venv."""
    try:
        done = subprocess.run(
            [candidate, "-I", "-c", _ASK_VERSION],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        version = tuple(int(part) for part in done.stdout.split())
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return False
    return done.returncode == 0 and OLDEST <= version <= NEWEST


def _candidates() -> Iterator[str]:
    yield sys.executable
    names = [f"python{OLDEST[0]}.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1)]
    for name in [*names, "python3"]:
        if found := shutil.which(name):
            yield found
    for root in _pyenv_roots():
        for name in names:
            version = name.removeprefix("python")
            yield from map(str, sorted(root.glob(f"versions/{version}*/bin/python")))
    yield from _found_by_uv()


def _pyenv_roots() -> list[Path]:
    """Where pyenv keeps its versions: as it says, or beside its shims on the path, or at home."""
    if said := os.environ.get("PYENV_ROOT"):
        return [Path(said)]
    on_path = map(Path, os.environ.get("PATH", "").split(os.pathsep))
    beside = [folder.parent for folder in on_path if folder.name == "shims"]
    return list(dict.fromkeys([*beside, Path.home() / ".pyenv"]))


def _found_by_uv() -> Iterator[str]:
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        return
    asked = [uv, "python", "find", "--no-project", "--no-python-downloads", ">=3.13,<3.16"]
    try:
        done = subprocess.run(
            asked, capture_output=True, text=True, check=False, timeout=_UV_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    if done.returncode == 0:
        yield done.stdout.strip()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(interpreter: Path, folder: Path, python: Path, home: Path) -> None:
    _empty(folder)
    _run([str(interpreter), "-I", "-m", "venv", str(folder)])
    home.mkdir()
    _run(
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--only-binary", ":all:", "--require-hashes", "-r", str(LOCK_FILE)]
    )  # fmt: skip
    _run([str(python), "-I", "-c", _INSTALL_EXTENSIONS], home)
    (folder / _READY).touch()


def _empty(folder: Path) -> None:
    """The folder with our marker and nothing else in it; what is not ours is left alone."""
    if (folder / _MARKER).exists():
        # What another process began and did not finish.
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise EmulatorNotInstalledError(
            f"{folder} has files in it that are not known to be ours: delete it, or name another "
            f"place in {PLACE_VARIABLE}"
        )
    folder.mkdir(exist_ok=True)
    (folder / _MARKER).touch()


def _run(command: list[str], home: Path | None = None) -> None:
    surroundings = os.environ if home is None else os.environ | {"HOME": str(home)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise EmulatorNotInstalledError(
            f"the BigQuery emulator's environment cannot be made: {(lines or ['?'])[-1].strip()}; "
            "check the network and the space on the disk, then try again"
        )
