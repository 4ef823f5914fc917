"""The BigQuery emulator: which Python runs it, how it lives and dies, and the sandbox's."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from creneau.sandbox import emulator_environment
from creneau.sandbox.emulator import Emulator, EmulatorPortInUseError, answers
from creneau.sandbox.emulator_environment import (
    EmulatorNotInstalledError,
    NoInterpreterError,
    environment,
    find_interpreter,
    fits,
)

SANDBOX = """
import sys
from pathlib import Path
from creneau.sandbox import emulator_state
folder = Path(sys.argv[1])
print(emulator_state.up(folder).endpoint)
"""
LEFT_ALONE = """
import sys, time
from pathlib import Path
from creneau.sandbox.emulator import Emulator
emulator = Emulator(Path(sys.argv[1])).start()
print(emulator.endpoint, flush=True)
time.sleep(600)
"""


def wait_until(what: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_python_that_does_not_run_or_is_too_old_does_not_fit(tmp_path: Path) -> None:
    shim = script(tmp_path / "shim", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    assert not fits(shim)
    assert not fits(str(tmp_path / "none"))
    assert not fits(script(tmp_path / "old", "echo 3 12"))
    assert not fits(script(tmp_path / "new", "echo 3 16"))
    assert fits(script(tmp_path / "right", "echo 3 13"))


def test_the_first_python_that_runs_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = script(tmp_path / "python", "echo 3 14")
    candidates = [str(tmp_path / "none"), script(tmp_path / "old", "echo 3 11"), found]
    monkeypatch.delenv("CRENEAU_EMULATOR_PYTHON", raising=False)
    monkeypatch.setattr(emulator_environment, "_candidates", lambda: iter(candidates))
    assert find_interpreter() == Path(found)


def test_without_a_python_the_way_out_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRENEAU_EMULATOR_PYTHON", raising=False)
    monkeypatch.setenv("CRENEAU_EMULATOR", str(tmp_path / "environment"))
    monkeypatch.setattr(emulator_environment, "_candidates", lambda: iter(()))
    with pytest.raises(NoInterpreterError, match=r"pyenv install 3\.13.*start Docker"):
        environment()
    monkeypatch.setenv("CRENEAU_EMULATOR_PYTHON", str(tmp_path / "none"))
    with pytest.raises(NoInterpreterError, match="name another, or unset it"):
        environment()


def test_an_environment_that_cannot_be_made_is_one_line_and_is_made_anew_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = script(
        tmp_path / "python",
        'if [ "$2" = -c ]; then echo 3 13; exit; fi\n'
        'touch "$4/half"; echo "no space left" >&2; exit 1',
    )
    monkeypatch.setenv("CRENEAU_EMULATOR_PYTHON", made)
    monkeypatch.setenv("CRENEAU_EMULATOR", str(tmp_path / "environment"))
    for _ in range(2):
        with pytest.raises(EmulatorNotInstalledError, match="cannot be made: no space left;"):
            environment()


def test_a_folder_that_is_not_ours_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRENEAU_EMULATOR_PYTHON", script(tmp_path / "python", "echo 3 13; exit 0"))
    monkeypatch.setenv("CRENEAU_EMULATOR", str(tmp_path / "precious"))
    letter = tmp_path / "precious" / "letter"
    letter.parent.mkdir()
    letter.write_text("dear")
    with pytest.raises(EmulatorNotInstalledError, match="No such file"):
        environment()
    below = emulator_environment.place()
    assert below.parent == letter.parent
    (below / "made-by-creneau").unlink()
    (below / "mine").touch()
    with pytest.raises(EmulatorNotInstalledError, match="not known to be ours"):
        environment()
    assert letter.read_text() == "dear"
    assert (below / "mine").exists()


def test_a_uv_that_hangs_or_does_not_run_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setattr(emulator_environment, "_UV_SECONDS", 0.1)
    script(tmp_path / "uv", "exec /bin/sleep 60")
    assert list(emulator_environment._candidates()) == [sys.executable]
    (tmp_path / "uv").write_bytes(b"no program\x00")
    assert list(emulator_environment._candidates()) == [sys.executable]


def test_pyenvs_versions_are_found_beside_its_shims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty home says nothing of pyenv, and its shims do not run."""
    version = tmp_path / "pyenv" / "versions" / "3.13.9" / "bin" / "python"
    version.parent.mkdir(parents=True)
    version.touch()
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "pyenv" / "shims"))
    assert str(version) in list(emulator_environment._candidates())


def test_a_server_that_speaks_no_http_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        with ThreadPoolExecutor(1) as pool:
            pool.submit(speak)
            assert not answers(f"http://127.0.0.1:{server.getsockname()[1]}")


def test_a_port_that_is_taken_is_said(emulator: Emulator, tmp_path: Path) -> None:
    with pytest.raises(EmulatorPortInUseError, match=f"port {emulator.port} .* is in use"):
        Emulator(tmp_path, port=emulator.port).start()


def test_an_emulator_dies_with_the_process_that_started_it(
    emulator: Emulator, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", LEFT_ALONE, str(tmp_path / "emulator")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        endpoint = starter.stdout.readline().strip()
        assert answers(endpoint)
        starter.send_signal(signal.SIGKILL)
    wait_until(lambda: not answers(endpoint))


def test_the_sandboxs_emulator_outlives_its_command_and_keeps_its_tables(
    emulator: Emulator, tmp_path: Path
) -> None:
    from creneau.sandbox import emulator_state
    from warehouse.client import new_client
    from warehouse.settings import WarehouseSettings

    def up() -> str:
        command = [sys.executable, "-c", SANDBOX, str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        endpoint = up()
        assert emulator_state.endpoint(tmp_path) == endpoint
        assert up() == endpoint
        client = new_client(WarehouseSettings(endpoint=endpoint))
        client.create_dataset("kept")
        assert emulator_state.down(tmp_path) is not None
        assert emulator_state.endpoint(tmp_path) is None
        assert emulator_state.down(tmp_path) is None
        client = new_client(WarehouseSettings(endpoint=up()))
        assert "kept" in [each.dataset_id for each in client.list_datasets()]
    finally:
        emulator_state.down(tmp_path, delete=True)
    assert not (tmp_path / emulator_state.FOLDER).exists()


def test_the_warehouse_of_the_settings_is_the_one_that_is_set_or_the_sandboxs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from creneau.sandbox.processes import birth
    from creneau.settings import Settings
    from creneau.warehouse import configured_warehouse, needed_warehouse
    from warehouse.errors import WarehouseNotConfiguredError

    for name in os.environ:
        if name.startswith("CRENEAU_WAREHOUSE"):
            monkeypatch.delenv(name)
    settings = Settings(var=tmp_path)
    with pytest.raises(WarehouseNotConfiguredError, match="sandbox up --warehouse"):
        needed_warehouse(settings)
    running = {"endpoint": "http://127.0.0.1:9", "pid": os.getpid(), "born": birth(os.getpid())}
    file = tmp_path / "sandbox" / "warehouse.json"
    file.parent.mkdir()
    file.write_text(json.dumps(running))
    found = configured_warehouse(settings)
    assert found is not None
    assert found.endpoint == "http://127.0.0.1:9"
    file.write_text(json.dumps(running | {"born": "another day"}))
    assert configured_warehouse(settings) is None
    monkeypatch.setenv("CRENEAU_WAREHOUSE__PROJECT", "a-project")
    assert needed_warehouse(Settings(var=tmp_path)).project == "a-project"
