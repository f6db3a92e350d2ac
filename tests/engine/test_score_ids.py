"""Scores in batches are those of every chat by itself."""

from __future__ import annotations

import numpy as np
import pytest

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.score_ids import score_each, score_together

PROMPT = [5, 60, 61, 62, 9, 100]
CHATS = [
    ([*PROMPT, 7, 8, 9], len(PROMPT)),
    ([*PROMPT, 7], len(PROMPT)),
    ([*PROMPT, 70, 71, 3, 4, 5], len(PROMPT) + 2),
    ([1, 2, 3, 4], 3),
    (PROMPT, len(PROMPT)),  # an empty reply
]


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_scores_are_the_same_in_every_batch_and_alone(batch_size: int, pocket: LoadedModel) -> None:
    together = score_together(pocket.model, CHATS, batch_size=batch_size)[0]
    alone = score_each(pocket.model, CHATS)
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-4)
    assert alone[-1] == 0
    assert max(alone[:-1]) < 0


def test_nothing_has_no_scores(pocket: LoadedModel) -> None:
    assert score_together(pocket.model, [], batch_size=4, adapters=2) == [[], []]
    assert score_each(pocket.model, []) == []
