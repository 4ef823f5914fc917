"""The container image of the BigQuery emulator, for a machine without a Python that can run it."""

import shutil
import subprocess
from typing import Final

from creneau.sandbox.emulator_environment import EmulatorNotInstalledError

IMAGE: Final = "ghcr.io/novucs/local-bigquery:0.4.0"
"""Published by the emulator's authors; the version is the one of ``emulator-lock.txt``."""
_ANSWER_SECONDS: Final = 20.0
_PULL_SECONDS: Final = 600.0


def docker_answers() -> bool:
    """Whether there is a ``docker`` command with an engine behind it."""
    return shutil.which("docker") is not None and _docker("info") is None


def is_here() -> bool:
    """Whether the image need not be downloaded."""
    return _docker("image", "inspect", IMAGE) is None


def fetch() -> None:
    """Download the image, unless it is here.

    Raises:
        EmulatorNotInstalledError: it cannot be downloaded.
    """
    if is_here():
        return
    why = _docker("pull", "--quiet", IMAGE, timeout=_PULL_SECONDS)
    if why is not None:
        raise EmulatorNotInstalledError(
            f"the BigQuery emulator's image {IMAGE} cannot be downloaded: {why}; mend the network, "
            "or install a Python from 3.13 to 3.15"
        )


def _docker(*arguments: str, timeout: float = _ANSWER_SECONDS) -> str | None:
    """Run a docker command: None when it went well, or else the last line that it said."""
    try:
        done = subprocess.run(
            ["docker", *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=timeout,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"no answer in {timeout:.0f} s"
    except OSError as error:
        return error.strerror or str(error)
    if done.returncode == 0:
        return None
    lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"exit code {done.returncode}"
