"""With every rule in force no invariant breaks and no dead end is met, anywhere in the bounds."""

import pytest

from .explore import explore, spoken
from .rules import ALL, SECOND_LINES, Rule
from .scenarios import BREAKS_IN, SCENARIOS, SECOND_LINE_OF, SOAK
from .space import Scenario


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_invariant_holds_in_every_state(scenario: Scenario) -> None:
    found = explore(scenario)
    print(spoken(scenario, found))
    assert found.broken is None, spoken(scenario, found)
    assert found.states >= scenario.at_least, "the search has become narrower than it was"


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("scenario", SOAK, ids=lambda scenario: scenario.name)
def test_every_invariant_holds_within_larger_bounds(scenario: Scenario) -> None:
    found = explore(scenario)
    print(spoken(scenario, found))
    assert found.broken is None, spoken(scenario, found)
    assert found.states >= scenario.at_least


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("rule", sorted(SECOND_LINES, key=str), ids=lambda rule: rule.name)
def test_a_second_line_is_not_missed_while_the_first_stands(rule: Rule) -> None:
    for scenario in SCENARIOS:
        found = explore(scenario, [rule])
        assert found.broken is None, spoken(scenario, found)


def test_every_rule_is_either_shown_to_matter_or_a_second_line() -> None:
    assert set(BREAKS_IN) | SECOND_LINES == ALL
    assert not set(BREAKS_IN) & SECOND_LINES
    assert set(SECOND_LINE_OF) <= SECOND_LINES
