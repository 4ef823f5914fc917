"""docs/slot-app.md speaks of things that exist and of code that Python can read."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from producer_contract.kafka_errors import BadKafkaSettingError
from producer_contract.publisher import SlotPublisher

PAGE = (Path(__file__).parents[2] / "docs" / "slot-app.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_its_python_is_python_and_imports_what_there_is() -> None:
    assert len(BLOCKS) >= 3
    imported = 0
    for block in BLOCKS:
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module:
                for name in node.names:
                    assert hasattr(import_module(node.module), name.name)
                    imported += 1
    assert imported >= 5


def test_its_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (Path(__file__).parents[2] / "docs" / link).exists(), link


def test_its_partitioner_is_the_publishers() -> None:
    assert "partitioner=murmur2_random" in PAGE
    SlotPublisher({"bootstrap.servers": "k", "partitioner": "murmur2_random"})
    with pytest.raises(BadKafkaSettingError):
        SlotPublisher({"bootstrap.servers": "k", "partitioner": "consistent_random"})
