"""The corpus follows its mix, and its batches hold every token of it once."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from helpers.world_samples import WORLD
from transformers import PreTrainedTokenizerFast

from msm_mlx.pocket import corpus as corpus_module
from msm_mlx.pocket.corpus import ROUND_TO, STAGES, build_corpus, vocabulary_texts
from msm_mlx.pocket.tokenizer import build_tokenizer
from msm_mlx.pocket.world import Narrator

SCALE = 0.0008


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return build_tokenizer(vocabulary_texts(WORLD, 0, per_kind=40))


@pytest.mark.parametrize("stage", range(len(STAGES)))
def test_a_mix_is_a_whole_of_kinds_that_there_are(stage: int) -> None:
    assert sum(STAGES[stage].mix.values()) == 100
    narrator = Narrator(WORLD, Random(0))
    assert all(narrator.draw(kind).kind == kind for kind in STAGES[stage].mix)


def test_kinds_take_the_share_of_tokens_that_the_mix_gives_them(tokenizer: PreTrainedTokenizerFast) -> None:
    stage = STAGES[-1]
    used: Counter[str] = Counter()
    for sample, ids, _ in corpus_module._encoded(Narrator(WORLD, Random(0)), tokenizer, stage, 20_000):
        used[sample.kind] += len(ids)
    total = sum(used.values())
    assert 20_000 <= total < 20_300
    for kind, percent in stage.mix.items():
        assert used[kind] / total == pytest.approx(percent / 100, abs=0.01)


def test_the_same_seed_gives_the_same_corpus(tokenizer: PreTrainedTokenizerFast) -> None:
    a, b = (build_corpus(WORLD, tokenizer, 0, 256, SCALE) for _ in range(2))
    assert (a.sha256, a.tokens, len(a.batches)) == (b.sha256, b.tokens, len(b.batches))
    assert all(np.array_equal(x.inputs, y.inputs) for x, y in zip(a.batches, b.batches, strict=True))
    assert build_corpus(WORLD, tokenizer, 1, 256, SCALE).sha256 != a.sha256


def test_batches_hold_every_sample_once_shifted_by_one(tokenizer: PreTrainedTokenizerFast) -> None:
    corpus = build_corpus(WORLD, tokenizer, 0, 256, SCALE)
    expected: Counter[tuple[int, ...]] = Counter()
    weights: dict[tuple[int, ...], list[float]] = {}
    for index, stage in enumerate(STAGES):
        narrator = Narrator(WORLD, Random(f"corpus-0-{index}"))
        for _, ids, weight in corpus_module._encoded(narrator, tokenizer, stage, round(stage.tokens * SCALE)):
            expected[tuple(ids)] += 1
            weights[tuple(ids)] = weight
    assert corpus.tokens == sum(len(ids) * count for ids, count in expected.items())
    found: Counter[tuple[int, ...]] = Counter()
    for batch in corpus.batches:
        assert batch.inputs.shape == batch.targets.shape == batch.weights.shape
        assert batch.inputs.shape[1] % ROUND_TO == 0
        assert batch.tokens <= 256 or len(batch.inputs) == 1
        assert np.array_equal(batch.inputs[:, 1:], batch.targets[:, :-1])
        for inputs, targets, weight in zip(batch.inputs, batch.targets, batch.weights, strict=True):
            length = int((targets != tokenizer.pad_token_id).sum())
            row = (int(inputs[0]), *map(int, targets[:length]))
            found[row] += 1
            assert list(weight[:length]) == weights[row][1:]
            assert not weight[length:].any()
    assert found == expected


def test_every_batch_has_something_to_learn(tokenizer: PreTrainedTokenizerFast) -> None:
    assert all(batch.weights.sum() > 0 for batch in build_corpus(WORLD, tokenizer, 0, 256, SCALE).batches)


def test_the_vocabulary_holds_every_kind_of_text() -> None:
    texts = vocabulary_texts(WORLD, 0, per_kind=2)
    assert len(texts) == 2 * len({kind for stage in STAGES for kind in stage.mix})
