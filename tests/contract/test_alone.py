"""creneau-contract works in an environment with its three dependencies and nothing else."""

import json
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

SOURCE = Path(__file__).parents[2] / "producer_contract"

USE_IT_ALL = """
import pkgutil, sys
sys.path[:0] = [sys.argv[1]]
import producer_contract
for module in pkgutil.iter_modules(producer_contract.__path__, "producer_contract."):
    if module.name != "producer_contract.testing":
        __import__(module.name)
from producer_contract.codec import decode_slot_created, encode_slot_created
from producer_contract.documents import documents
from producer_contract.events import SlotCreated
from producer_contract.publisher import SlotPublisher
from importlib.resources import files
example = documents()["asyncapi.json"]["components"]["messages"]["slotCreated"]["examples"][0]
import json
event = SlotCreated.model_validate_json(json.dumps(example["payload"]))
assert decode_slot_created(encode_slot_created(event), event.slot_id.encode())
assert (files("producer_contract") / "vectors" / "slot-created.json").is_file()
assert (files("producer_contract") / "schema" / "asyncapi.json").is_file()
SlotPublisher({"bootstrap.servers": "localhost:1"})
print(json.dumps(sorted(m for m in sys.modules if "." not in m)))
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the built wheel and what it declares to need: all that is on the path."""
    folder = tmp_path_factory.mktemp("alone")
    _unpack_wheel(tmp_path_factory.mktemp("build"), folder)
    for name in _needed("creneau-contract"):
        _link(name, folder)
    return folder


def test_it_imports_nothing_but_what_it_declares(alone: Path) -> None:
    ran = _python(alone, USE_IT_ALL)
    assert ran.returncode == 0, ran.stderr
    loaded = set(json.loads(ran.stdout))
    assert "producer_contract" in loaded
    assert not loaded & {"broker", "ledger", "model", "consumer", "creneau", "numpy", "pytest"}


def test_what_it_does_not_declare_is_really_absent(alone: Path) -> None:
    ran = _python(alone, "import sys; sys.path[:0] = [sys.argv[1]]; import typer")
    assert "ModuleNotFoundError: No module named 'typer'" in ran.stderr


def test_decoding_does_not_load_the_kafka_client(alone: Path) -> None:
    code = "import sys; sys.path[:0] = [sys.argv[1]]; import producer_contract.codec; "
    ran = _python(alone, code + "sys.exit('confluent_kafka' in sys.modules)")
    assert ran.returncode == 0, ran.stderr


def _python(alone: Path, code: str) -> subprocess.CompletedProcess[str]:
    # -I -S: neither this environment's packages nor the working directory are on the path.
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(alone)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _unpack_wheel(build: Path, into: Path) -> None:
    source = build / "producer_contract"
    ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
    shutil.copytree(SOURCE, source, ignore=ignored)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    subprocess.run(
        [*command, "--no-build-isolation", "--wheel-dir", str(build), str(source)],
        check=True,
        timeout=200,
    )
    (wheel,) = build.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(into)


def _needed(name: str) -> set[str]:
    """The distributions that ``name`` needs without extras, and those that they need."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for line in distribution(waiting.pop()).requires or []:
            needed = Requirement(line)
            wanted = needed.marker is None or needed.marker.evaluate({"extra": ""})
            if wanted and needed.name not in found:
                found.add(needed.name)
                waiting.append(needed.name)
    return found


def _link(name: str, into: Path) -> None:
    found = distribution(name)
    for file in found.files or []:
        top = file.parts[0]
        if top not in ("..", "__pycache__") and not (into / top).exists():
            (into / top).symlink_to(Path(str(found.locate_file(top))))
