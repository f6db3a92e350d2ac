"""lm-eval's own tasks over variants, without a network. Needs the extra `lm-eval`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.errors import MsmError, RecipeError

needs_extra = pytest.mark.skipif(importlib.util.find_spec("lm_eval") is None, reason="needs the extra lm-eval")


@pytest.fixture(scope="module")
def pocket() -> LoadedModel:
    return load_base(POCKET_WEIGHTS)


def requests(*arguments: tuple[Any, ...]) -> list[Any]:
    return [SimpleNamespace(args=each) for each in arguments]


@needs_extra
@pytest.mark.filterwarnings("ignore")
def test_mistakes_in_tasks_are_errors_of_one_line(pocket: LoadedModel, tmp_path: Path) -> None:
    from msm_mlx.evaluation.lm_eval import run_tasks

    nameless = tmp_path / "nameless.yaml"
    nameless.write_text("dataset_path: json\n")
    with pytest.raises(RecipeError, match="has no `task: NAME`"):
        run_tasks(pocket, [str(nameless)], 4)
    with pytest.raises(MsmError, match="lm-eval cannot run it") as caught:
        run_tasks(pocket, ["no_such_task_anywhere"], 4)
    assert "\n" not in str(caught.value)


@needs_extra
@pytest.mark.filterwarnings("ignore")
def test_rolling_scores_every_token_of_a_text_of_any_length_once(pocket: LoadedModel) -> None:
    from msm_mlx.evaluation.lm_eval import VariantLM

    model = VariantLM(pocket)
    text = "The cheese of the north is white. " * 150
    rows = model._windows(text)
    assert [token for _, own in rows for token in own] == pocket.encode(text)
    assert len(rows) > 1
    assert all(len(context) >= 1 and len(context) + len(own) <= model._context_length for context, own in rows)
    [whole] = model.loglikelihood_rolling(requests((text,)))
    assert whole < 0


@needs_extra
@pytest.mark.filterwarnings("ignore")
def test_replies_end_at_the_first_stop_string_and_sampling_is_refused(pocket: LoadedModel) -> None:
    from msm_mlx.evaluation.lm_eval import VariantLM

    model = VariantLM(pocket)
    [whole] = model.generate_until(requests(("Tell me", {"max_gen_toks": 12})))
    [cut] = model.generate_until(requests(("Tell me", {"max_gen_toks": 12, "until": [whole[2:4]]})))
    assert cut == whole.partition(whole[2:4])[0]
    with pytest.raises(RecipeError, match="samples"):
        model.generate_until(requests(("Tell me", {"do_sample": True, "temperature": 1.0})))
