"""What the pages point to is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
PAGE = re.compile(r"\bdocs/[\w/-]+\.\w+")
DECISION = re.compile(r"\bdecisions?[ /](\d+)\b")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_pages_and_decisions_are_there(page: Path) -> None:
    text = page.read_text("utf-8")
    missing = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    missing += [named for named in PAGE.findall(text) if not (ROOT / named).exists()]
    missing += [
        f"decision {number}"
        for number in DECISION.findall(text)
        if len(list((ROOT / "docs/decisions").glob(f"{int(number):04}-*.md"))) != 1
    ]
    assert missing == []


def test_it_sees_links_pages_and_decisions() -> None:
    text = "[x](a.md#b) [y](https://c.d/e) docs/f.md, docs/decisions/0006, decision 3)"
    assert LINK.findall(text) == ["a.md"]
    assert PAGE.findall(text) == ["docs/f.md"]
    assert DECISION.findall(text) == ["0006", "3"]
