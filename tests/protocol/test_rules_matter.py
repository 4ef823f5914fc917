"""Every rule taken out breaks an invariant, or leaves the command waiting for ever."""

import pytest

from .explore import explore, main, spoken
from .rules import Rule
from .scenarios import BREAKS_IN, SECOND_LINE_OF


@pytest.mark.parametrize("rule", BREAKS_IN, ids=lambda rule: rule.name)
def test_without_the_rule_something_breaks(rule: Rule) -> None:
    scenario, broken = BREAKS_IN[rule]
    found = explore(scenario, [rule])
    print(f"without {rule.name}:\n{spoken(scenario, found)}")
    assert found.broken is not None, f"{scenario.name} holds without: {rule.value}"
    assert found.broken.startswith(broken), spoken(scenario, found)
    assert found.depth == len(found.trace)


@pytest.mark.parametrize("rule", SECOND_LINE_OF, ids=lambda rule: rule.name)
def test_without_both_lines_something_breaks(rule: Rule) -> None:
    first, scenario = SECOND_LINE_OF[rule]
    found = explore(scenario, [rule, first])
    assert found.broken is not None, f"{scenario.name} holds without both lines"


def test_a_developer_reads_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--without", "no-metadata-no-fence"]) == 1
    said = capsys.readouterr().out
    assert "I6" in said
    assert "the fences of revocation 1 stand at (0,)" in said
