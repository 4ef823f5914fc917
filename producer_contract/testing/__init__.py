"""What a slot app's own tests need: a real Kafka without Java, Docker or root, and a stub scorer.

Needs the extra ``creneau-contract[testing]``. A test suite turns the fixtures on in its
``conftest.py`` with::

    pytest_plugins = ["producer_contract.testing.plugin"]

and asks for ``creneau`` (see ``producer_contract.testing.plugin``). Nothing is imported here, so
that the contract alone stays free of the extra's packages.
"""
