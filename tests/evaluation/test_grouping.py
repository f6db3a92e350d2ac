"""What is asked in one go is put together again."""

from __future__ import annotations

import pytest

from msm_mlx.evaluation.grouping import split_by_size


def test_values_are_cut_into_parts_in_their_order() -> None:
    assert split_by_size([1, 2, 3, 4], [1, 0, 3]) == [[1], [], [2, 3, 4]]
    assert split_by_size([], []) == []


@pytest.mark.parametrize("sizes", [[], [1], [1, 2]])
def test_parts_have_to_be_all_of_the_values(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match="2 values"):
        split_by_size([1, 2], sizes)
