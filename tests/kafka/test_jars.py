"""The Kafka jars: locked, fetched, verified."""

import shutil
from pathlib import Path

import pytest

from producer_contract.testing import jars
from producer_contract.testing.errors import JarRefusedError, JarsUnavailableError


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    place = tmp_path / "jars"
    jars.class_path()
    shutil.copytree(jars.folder(), place)
    return place


def test_the_class_path_holds_every_locked_jar(copy: Path) -> None:
    entries = jars.class_path(copy).split(":")

    assert len(entries) == 46
    assert all(Path(entry).is_file() for entry in entries)
    assert entries[0].endswith("kafka_2.13-4.3.1.jar")


def test_the_lock_is_of_the_endpoint_that_is_asked_for() -> None:
    assert f'"endpoint": "{jars.ENDPOINT}"' in jars.LOCK_FILE.read_text("utf-8")


@pytest.mark.parametrize("jar", [jars.locked()[0], jars.locked()[-1]], ids=lambda jar: jar.file)
def test_a_jar_changed_by_a_byte_is_refused(copy: Path, jar: jars.Jar) -> None:
    content = bytearray((copy / jar.file).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / jar.file).write_bytes(content)

    with pytest.raises(JarRefusedError, match=f"{jar.file} is not the locked one"):
        jars.class_path(copy)


def test_a_strange_jar_in_the_folder_is_not_on_the_class_path(copy: Path) -> None:
    (copy / "strange.jar").write_bytes(b"")

    assert "strange.jar" not in jars.class_path(copy)


def test_without_a_network_the_error_says_what_where_and_what_next(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (copy / jars.locked()[0].file).unlink()
    # Nothing listens there: the connection is refused at once.
    for variable in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")

    with pytest.raises(JarsUnavailableError, match=r"kafka_2\.13:4\.3\.1 cannot be downloaded"):
        jars.class_path(copy)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(JarsUnavailableError, match="CRENEAU_KAFKA_JARS"):
        jars.class_path(tmp_path / "file" / "jars")


def test_locking_again_without_a_network_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    # What this machine has fetched before shall not help.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(jars, "LOCK_FILE", tmp_path / "untouched.json")
    assert jars.main(["--lock"]) == 3
    said = capsys.readouterr()
    assert said.err.startswith("creneau: the Kafka jars cannot be resolved")
    assert said.err.count("\n") == 1
    assert not (tmp_path / "untouched.json").exists()
