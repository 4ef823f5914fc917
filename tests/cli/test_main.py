import subprocess
import sys
from pathlib import Path

import pytest

from creneau.cli import main
from producer_contract.errors import BadUseError


def run(monkeypatch: pytest.MonkeyPatch, failure: BaseException) -> int | str | None:
    def fail() -> None:
        raise failure

    monkeypatch.setattr(main, "app", fail)
    with pytest.raises(SystemExit) as ended:
        main.main()
    return ended.value.code


def test_an_error_of_ours_is_one_line_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, BadUseError("the file is empty; give another")) == 2
    assert capsys.readouterr().err == "creneau: the file is empty; give another\n"


def test_an_interruption_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, KeyboardInterrupt()) == 130


def test_a_bug_shows_no_traceback_but_keeps_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, ZeroDivisionError("by nothing")) == 70
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    kept = Path(line.rsplit(" ", 1)[1].strip())
    assert "Traceback" in kept.read_text("utf-8")
    kept.unlink()


@pytest.mark.parametrize(
    "asked", [[], ["model"], ["topics"], ["sandbox"], ["contract"], ["report"], ["worker"]]
)
def test_help_imports_nothing_heavy(asked: list[str]) -> None:
    code = (
        "import sys; from creneau.cli.main import app\n"
        f"try: app([*{asked}, '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'sklearn', 'confluent_kafka', 'numpy', 'rich'} & sys.modules.keys()\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "module", ["creneau.replays", "creneau.registry", "creneau.following", "creneau.overview"]
)
def test_what_loads_no_model_does_not_wait_for_scikit_learn(module: str) -> None:
    """It takes 1.5 s to import; workers and executors bring it with their first model."""
    code = f"import sys, {module}; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
