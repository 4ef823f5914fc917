"""`python -m tests.protocol.explore [--scenario NAME] [--without RULE …]`: search, and say."""

import argparse
import sys
from collections.abc import Iterable
from functools import partial

from .invariants import violation
from .rules import ALL, Rule
from .scenarios import BREAKS_IN, SCENARIOS, SOAK
from .search import Found, Space, search
from .space import Scenario, beginning, reached, successors
from .symmetry import canonical


def explore(scenario: Scenario, without: Iterable[Rule] = ()) -> Found:
    """Search a scenario with every rule in force but those `without`."""
    rules = ALL - frozenset(without)
    return search(
        Space(
            beginning(scenario),
            partial(successors, scenario, rules),
            canonical,
            violation,
            partial(reached, scenario),
        )
    )


def spoken(scenario: Scenario, found: Found) -> str:
    """What a search found, for a person; the trace numbered by step."""
    if found.broken is None:
        return f"{scenario.name}: {found.states} states, {found.depth} steps deep: all holds"
    steps = (f"  {n:2} {label}" for n, label in enumerate(found.trace, 1))
    head = f"{scenario.name}: broken at depth {found.depth}, after {found.states} states"
    return "\n".join((head, *steps, f"  => {found.broken}"))


def main(arguments: list[str]) -> int:
    """Print what each search found; 1 where something broke."""
    rules = {rule.name.lower().replace("_", "-"): rule for rule in Rule}
    scenarios = {scenario.name: scenario for scenario in SCENARIOS + SOAK}
    parser = argparse.ArgumentParser(
        prog="explore",
        description="Search the protocol's states, with rules taken out.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="rules:\n" + "\n".join(f"  {name}: {rule.value}" for name, rule in rules.items()),
    )
    parser.add_argument("--without", action="append", default=[], choices=rules, metavar="RULE")
    parser.add_argument("--scenario", choices=scenarios)
    asked = parser.parse_args(arguments)
    without = [rules[name] for name in asked.without]
    if asked.scenario:
        chosen: tuple[Scenario, ...] = (scenarios[asked.scenario],)
    else:
        shown = tuple(BREAKS_IN[rule][0] for rule in without if rule in BREAKS_IN)
        chosen = shown[:1] or SCENARIOS
    broken = False
    for scenario in chosen:
        found = explore(scenario, without)
        print(spoken(scenario, found), flush=True)
        broken |= found.broken is not None
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
