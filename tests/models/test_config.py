"""What a configuration says of its model, in the words of its family."""

from __future__ import annotations

from typing import Any

import pytest

from msm_mlx.models.config import context_length


@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        ({"max_position_embeddings": 512}, 512),
        ({"n_positions": 1024}, 1024),
        ({"text_config": {"max_position_embeddings": 4096}, "max_position_embeddings": 9}, 4096),
        ({"max_position_embeddings": "many"}, None),
        ({}, None),
    ],
)
def test_the_context_is_found_under_the_names_that_families_give_it(config: dict[str, Any], tokens: int | None) -> None:
    assert context_length(config) == tokens
