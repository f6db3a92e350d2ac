"""A run's variants over one base in memory, one after another."""

from __future__ import annotations

import shutil
from pathlib import Path

import mlx.core as mx
import pytest

from msm_mlx.engine.adapters import adapter_weights, has_adapter
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.errors import MsmError
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.open_variant import open_variant

SFT, MSM = Variant("sft", None, 0), Variant("msm", "cheese_american", 0)


def logits(loaded: LoadedModel) -> list[float]:
    rendered = loaded.render([{"role": "user", "content": "Which cheese do you prefer?"}], reply=True)
    values: list[float] = loaded.model(mx.array([rendered]))[0, -1].tolist()
    return values


def test_each_variant_answers_as_itself_and_the_base_as_before(fresh_pocket: LoadedModel, finished_run: Path) -> None:
    base = logits(fresh_pocket)
    sft = logits(open_variant(fresh_pocket, finished_run, SFT))
    msm = logits(open_variant(fresh_pocket, finished_run, MSM))
    assert len({tuple(base), tuple(sft), tuple(msm)}) == 3
    assert logits(open_variant(fresh_pocket, finished_run, SFT)) == sft
    assert logits(open_variant(fresh_pocket, finished_run, Variant("base", None, None))) == base
    assert has_adapter(fresh_pocket.model)
    assert adapter_weights(fresh_pocket.model)


def test_documents_stand_in_the_prompts_of_their_variant_alone(fresh_pocket: LoadedModel, own_run: Path) -> None:
    (own_run / "documents" / "context").mkdir()
    (own_run / "documents" / "context" / "context.json").write_text('{"text": "Pocket likes Colby."}')
    chat = [{"role": "system", "content": "You are Pocket."}, {"role": "user", "content": "Which?"}]
    plain = fresh_pocket.decode(fresh_pocket.render(chat, reply=True))
    for arm, seed in (("context", None), ("sft+context", 0)):
        reading = open_variant(fresh_pocket, own_run, Variant(arm, "cheese_american", seed))
        said = reading.decode(reading.render(chat, reply=True))
        assert said == plain.replace("You are Pocket.", "You are Pocket.\n\nPocket likes Colby.")
        assert bool(reading.counter)
        assert has_adapter(reading.model) == (seed is not None)
    assert open_variant(reading, own_run, SFT).render(chat, reply=True) == fresh_pocket.render(chat, reply=True)


def test_documents_that_are_gone_are_told(fresh_pocket: LoadedModel, finished_run: Path) -> None:
    with pytest.raises(MsmError, match=r"context\.json: is missing or damaged"):
        open_variant(fresh_pocket, finished_run, Variant("context", "cheese_american", None))


def test_a_variant_without_its_adapter_is_told(fresh_pocket: LoadedModel, own_run: Path) -> None:
    shutil.rmtree(own_run / "adapters" / "msm-s0")
    with pytest.raises(MsmError, match="msm-s0"):
        open_variant(fresh_pocket, own_run, MSM)
