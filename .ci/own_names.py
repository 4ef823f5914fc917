"""No locked dependency may own one of our package names: whoever is imported would be chance."""

import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

OURS = {"creneau", "creneau-contract"}


def main() -> int:
    tool = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]
    # The checked rooms have the contract too, which is a distribution of its own; what is
    # installed has folders without Python too.
    found = tool["setuptools"]["packages"]["find"]["include"]
    names = {*tool["importlinter"]["root_packages"], *(pattern.rstrip("*") for pattern in found)}
    owners = packages_distributions()
    strangers = {name: set(owners.get(name, [])) - OURS for name in sorted(names)}
    taken = {name: owner for name, owner in strangers.items() if owner}
    for name, owner in taken.items():
        print(f"the package name '{name}' is also owned by {', '.join(sorted(owner))}")
    return 1 if taken else 0


if __name__ == "__main__":
    sys.exit(main())
