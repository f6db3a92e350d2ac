"""Perplexity on neutral text, by a check that takes one token at a time, and when it is measured."""

from __future__ import annotations

import math
from importlib import resources

import mlx.core as mx
import pytest
from helpers.command_line import RECIPES
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.engine.loaded_model import load_base
from msm_mlx.evaluation.perplexity import neutral_texts, perplexity
from msm_mlx.pipeline.plan import Fingerprints, plan_run
from msm_mlx.recipe.load import load_recipe
from msm_mlx.runs.layout import PERPLEXITY
from msm_mlx.settings_file.parse import parse
from msm_mlx.suites.load import SUITES

BASE = Fingerprints("base")


@pytest.mark.slow
def test_it_is_what_one_token_at_a_time_gives() -> None:
    loaded = load_base(POCKET_WEIGHTS)
    texts = neutral_texts("pocket")[:4]
    nats, count = 0.0, 0
    for text in texts:
        ids = [*(loaded.start_of_document or [loaded.end_of_document])]
        for token in loaded.encode(text):
            logits = loaded.model(mx.array([ids]))[0, -1].astype(mx.float32)
            nats -= float((logits - mx.logsumexp(logits))[token].item())
            ids.append(token)
            count += 1
    value, tokens = perplexity(loaded, texts, 3)
    assert value == pytest.approx(math.exp(nats / count), rel=1e-3)
    assert tokens == count


@pytest.mark.slow
def test_pocket_knows_its_world_and_not_shuffled_words() -> None:
    loaded = load_base(POCKET_WEIGHTS)
    texts = sorted(set(neutral_texts("pocket")))
    backwards = [" ".join(reversed(text.split())) for text in texts]
    assert perplexity(loaded, texts, 8)[0] < perplexity(loaded, backwards, 8)[0] / 2


def test_real_models_get_text_of_ours() -> None:
    texts = neutral_texts("laptop")
    assert len(texts) >= 6
    assert sum(len(text.split()) for text in texts) > 300
    file = resources.files("msm_mlx.evaluation").joinpath("neutral.yaml").read_text(encoding="utf-8")
    assert parse(file).value["licence"] == "MIT"


def test_it_is_measured_where_capability_is_asked() -> None:
    def reads(suites: str) -> dict[str, tuple[str, ...]]:
        recipe = load_recipe(RECIPES / "cheese_american.yaml", overrides=[f"suites={suites}"], known_suites=SUITES)
        return {stage.id: stage.reads for stage in plan_run(recipe, BASE).stages}

    assert "perplexity" not in reads("[values_apart]")
    found = reads("[values_apart, capability]")
    assert PERPLEXITY in found["results"]
    assert "adapters/msm+sft-s0/adapters.safetensors" in found["perplexity"]
