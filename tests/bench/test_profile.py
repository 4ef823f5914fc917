"""What py-spy saw, sorted into steps, and microseconds made of it."""

import pytest

from bench.profile import THE_REST, by_step, figures

COMMIT = "run (consumer/worker.py:1);commit (consumer/transaction.py:43)"
STACKS = (
    "run (threading.py:1);make (consumer/made.py:39);outcomes (consumer/outcomes.py:70);"
    "decode_slots (model/slots.py:56);_plain (model/slots.py:70) 30",
    "make (consumer/made.py:39);outcomes (consumer/outcomes.py:70);"
    "features_of (model/features.py:98);locate (model/departements/lookup.py:66) 20",
    f"{COMMIT};_write_outcomes (consumer/transaction.py:49);produce_all (broker/session.py:152) 7",
    f"{COMMIT};send_offsets (broker/session.py:163) 3",
    "run (consumer/worker.py:1) 40",
)


def test_a_stack_counts_for_the_first_step_that_it_is_in() -> None:
    found = by_step(STACKS)
    assert {name: count for name, count in found.items() if count} == {
        "decode and validate": 30,
        "features": 20,
        "produce": 7,
        "offsets and commit": 3,
        THE_REST: 40,
    }


def test_the_steps_share_what_the_interpreter_spends() -> None:
    found = figures(100_000, {"interpreter": 0.8, "broker": 0.5}, by_step(STACKS))
    assert found["microseconds"] == pytest.approx({"clock": 10, "interpreter": 8, "broker": 5})
    assert sum(found["steps"].values()) == pytest.approx(8)
    assert found["steps"]["features"] == pytest.approx(8 * 0.2)
