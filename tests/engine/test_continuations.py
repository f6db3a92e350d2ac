"""Plain text after plain text: as the model alone would score it, whatever shares the batch."""

from __future__ import annotations

import math

import mlx.core as mx
import pytest
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.engine.continuations import ContextAndContinuation, score_continuations
from msm_mlx.engine.loaded_model import LoadedModel, load_base

TEXTS = [
    ("The color of snow is", " white."),
    ("I", " like the cheese of the north and the south."),
    ("A", ""),
    ("A b", " c"),
]


@pytest.fixture(scope="module")
def pocket() -> LoadedModel:
    return load_base(POCKET_WEIGHTS)


def alone(loaded: LoadedModel, row: ContextAndContinuation) -> tuple[float, bool]:
    """One token at a time."""
    context, text = list(row[0]), row[1]
    total, greedy = 0.0, True
    for token in text:
        logits = loaded.model(mx.array([context]))[0, -1].astype(mx.float32)
        total += float((logits - mx.logsumexp(logits))[token].item())
        greedy = greedy and int(logits.argmax().item()) == token
        context.append(token)
    return total, greedy


@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_a_batch_gives_what_each_row_gives_alone(pocket: LoadedModel, batch_size: int) -> None:
    rows = [(pocket.encode(a), pocket.encode(b)) for a, b in TEXTS]
    found = score_continuations(pocket, rows, batch_size=batch_size)
    for row, (score, greedy) in zip(rows, found, strict=True):
        assert math.isclose(score, alone(pocket, row)[0], abs_tol=1e-3)
        assert greedy == alone(pocket, row)[1]


def test_what_the_model_would_say_is_greedy(pocket: LoadedModel) -> None:
    context = pocket.encode("The color of snow is")
    first = int(pocket.model(mx.array([context]))[0, -1].argmax().item())
    [(_, greedy), (_, other)] = score_continuations(pocket, [(context, [first]), (context, [first + 1])], batch_size=2)
    assert (greedy, other) == (True, False)


def test_of_nothing_comes_nothing(pocket: LoadedModel) -> None:
    assert score_continuations(pocket, [], batch_size=4) == []
