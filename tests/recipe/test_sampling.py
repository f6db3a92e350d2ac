"""How replies are sampled is said by a section, else by the recipe, else by the model, else by a default."""

from __future__ import annotations

import pytest
from helpers.plans import recipe

from msm_mlx.errors import RecipeError
from msm_mlx.pipeline.plan import Fingerprints, plan_run
from msm_mlx.pipeline.stages.documents import WrittenDocuments
from msm_mlx.pipeline.stages.evaluation import Evaluation
from msm_mlx.recipe.sampling import (
    ANSWERS,
    PLAIN,
    USUAL,
    ChosenSampling,
    ModelSampling,
    choose_sampling,
    plain_sampling,
    sampling_in_words,
)

QWEN = {"temperature": 0.6, "top_p": 0.95, "top_k": 20}
MODEL = "model=org/Some-7B"


def values(sampling: ChosenSampling) -> dict[str, float]:
    return {name: one.value for name, one in sampling.items()}


def sources(sampling: ChosenSampling) -> set[str]:
    return {one.source for one in sampling.values()}


def test_pocket_samples_the_distribution_as_it_is() -> None:
    chosen = choose_sampling(recipe(), ModelSampling({}))
    assert values(chosen["documents"]) == values(chosen["scenes"]) == PLAIN
    assert values(chosen[ANSWERS])["temperature"] == 0.0
    assert sampling_in_words(chosen) == [
        "Sampling of documents, scenes: temperature 1 (default).",
        "Sampling of compare and chat: greedy (default).",
    ]


@pytest.mark.parametrize(
    ("writers", "chosen"),
    [
        ("[pocket, {model: m, server: 'http://127.0.0.1:9/v1'}]", PLAIN),
        ("[a/b, {model: m, server: 'http://127.0.0.1:9/v1'}]", USUAL),
        ("[a/b, c/d]", USUAL),
    ],
)
def test_several_writers_are_sampled_alike(writers: str, chosen: dict[str, float]) -> None:
    assert values(choose_sampling(recipe(f"documents.writer={writers}"), ModelSampling(QWEN))["documents"]) == chosen


def test_a_model_that_says_nothing_gets_the_usual_filters() -> None:
    chosen = choose_sampling(recipe(MODEL), ModelSampling({}))
    assert values(chosen["documents"]) == USUAL
    assert sources(chosen["documents"]) == {"default"}


def test_what_the_model_says_holds_for_all_that_is_sampled() -> None:
    chosen = choose_sampling(recipe(MODEL), ModelSampling(QWEN))
    assert all(values(sampling) == QWEN | {"min_p": 0.0} for sampling in chosen.values())
    assert sources(chosen[ANSWERS]) == {"generation_config.json of org/Some-7B"}


def test_a_model_that_is_not_here_may_yet_say_otherwise() -> None:
    [source] = sources(choose_sampling(recipe(MODEL), ModelSampling())["documents"])
    assert source == "default, unless generation_config.json of org/Some-7B says otherwise"


def test_a_section_goes_before_the_recipe_and_the_recipe_before_the_model() -> None:
    changes = ("sampling={temperature: 0.9, min_p: 0.1}", "documents.temperature=1.2", "evaluation.top_k=5")
    chosen = choose_sampling(recipe(MODEL, *changes), ModelSampling(QWEN))
    assert values(chosen["documents"]) == {"temperature": 1.2, "top_p": 0.95, "top_k": 20, "min_p": 0.1}
    assert chosen["documents"]["temperature"].source == "documents.temperature"
    assert chosen["documents"]["min_p"].source == "sampling.min_p"
    assert values(chosen["scenes"]) == {"temperature": 0.9, "top_p": 0.95, "top_k": 5, "min_p": 0.1}
    assert values(chosen[ANSWERS]) == {"temperature": 0.9, "top_p": 0.95, "top_k": 20, "min_p": 0.1}


def test_answers_are_sampled_as_soon_as_the_recipe_says_how() -> None:
    assert values(choose_sampling(recipe("sampling.top_p=0.5"), ModelSampling({}))[ANSWERS])["temperature"] == 1.0


def test_demonstrations_are_sampled_as_the_writer_is() -> None:
    written = recipe(MODEL, "demonstrations=data/oversight_writing.yaml", "documents.writer={model: org/Writer}")
    chosen = choose_sampling(written, ModelSampling(QWEN, {"temperature": 0.3}))
    assert values(chosen["demonstrations"]) == values(chosen["documents"]) == {**PLAIN, "temperature": 0.3}
    assert values(chosen["scenes"])["temperature"] == 0.6


def test_a_server_filters_as_it_will() -> None:
    served = recipe(MODEL, "documents.writer={model: m, server: 'http://127.0.0.1:9/v1'}")
    assert values(choose_sampling(served, ModelSampling(QWEN))["documents"]) == PLAIN


def test_ready_made_documents_are_not_sampled() -> None:
    assert "documents" not in choose_sampling(recipe("documents.from=data/general_conversation.jsonl"), ModelSampling())


def test_the_stages_sample_so_and_are_keyed_by_it() -> None:
    plan = plan_run(recipe(MODEL, "sampling.top_p=0.5"), Fingerprints("base", generation=ModelSampling(QWEN)))
    [documents], evaluation = plan.of(WrittenDocuments), plan.of(Evaluation)[0]
    assert (documents.settings.temperature, documents.settings.top_p, documents.settings.top_k) == (0.6, 0.5, 20)
    assert documents.key["top_k"] == evaluation.key["top_k"] == 20
    assert plan.recipe.settings.documents.top_k == 0


@pytest.mark.parametrize("value", ["{top_p: 0}", "{top_p: 1.1}", "{min_p: -0.1}", "{top_k: -1}", "{temperature: 0}"])
def test_what_no_sampler_can_use_is_refused(value: str) -> None:
    with pytest.raises(RecipeError, match="sampling"):
        recipe(f"sampling={value}")


def test_the_record_names_value_and_source() -> None:
    chosen = choose_sampling(recipe("documents.temperature=0.5"), ModelSampling({}))
    record = plain_sampling(chosen)["documents"]["temperature"]
    assert record == {"value": 0.5, "source": "documents.temperature"}


@pytest.mark.parametrize(
    "setting", ["documents.temperature=3", "evaluation.also_at=[2.5]", "sampling={temperature: 9}"]
)
def test_a_temperature_at_which_models_write_noise_is_refused(setting: str) -> None:
    with pytest.raises(RecipeError, match=r"must be at most 2, not .*hotter than that, models write noise"):
        recipe(setting)
