"""The shares of the quotas, when the number of partitions changes."""

from typing import Any

import pytest

from broker.settings import KafkaSettings
from producer_contract.errors import UnavailableError
from tests.archive.pretend import PretendJobs
from tests.archive.test_partition import TOPIC, partition
from warehouse.archive import taking_over
from warehouse.archive.budget import Budget
from warehouse.archive.plan import Standing
from warehouse.archive.settings import ArchiveSettings
from warehouse.archive.taking_over import TakingOver


def test_partitions_that_others_were_given_make_our_share_smaller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers: list[Any] = [UnavailableError("nobody answers"), Budget.of(16, 3)]

    def asked(*_: object) -> dict[str, Budget]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {TOPIC.topic: answer}

    monkeypatch.setattr(taking_over, "budgets", asked)
    kafka, topics = KafkaSettings("nowhere:1"), {TOPIC.topic: TOPIC}
    one = TakingOver(kafka, ArchiveSettings(), topics, jobs=PretendJobs(), ranges=lambda *_: [])
    held = [partition(Standing(0, 0))]
    one.renew_shares(held)  # not yet
    assert len(answers) == 2
    monkeypatch.setattr(taking_over, "SHARES_SECONDS", 0.0)
    one.renew_shares(held)
    assert held[0].budget == Budget.of(8, 3)
    one.renew_shares(held)
    assert held[0].budget == Budget.of(16, 3)
