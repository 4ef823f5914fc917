"""The tests: packages, so that a room named like its tests (model, ledger …) is never shadowed."""
