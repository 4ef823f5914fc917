from pathlib import Path

import pytest

from broker.instance import NoFreeInstanceError, first_free_index


def test_each_takes_the_first_number_that_nobody_of_its_kind_holds(tmp_path: Path) -> None:
    with first_free_index(tmp_path, "worker") as first:
        with first_free_index(tmp_path, "worker") as second:
            assert (first, second) == (0, 1)
        with (
            first_free_index(tmp_path, "worker") as third,
            first_free_index(tmp_path, "x") as other,
        ):
            assert (third, other) == (1, 0)


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(NoFreeInstanceError, match="CRENEAU_VAR"),
        first_free_index(tmp_path / "file", "worker"),
    ):
        pass


def test_an_error_of_what_runs_under_a_number_is_not_taken_for_one_of_the_lock(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConnectionResetError), first_free_index(tmp_path, "worker"):
        raise ConnectionResetError
