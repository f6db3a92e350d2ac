"""What the stages of a recipe will take, and what is refused because it does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.command_line import RECIPES
from helpers.model_configs import QWEN3_8B, config
from helpers.ready_documents import good, write

from msm_mlx.errors import SetupError
from msm_mlx.files import write_jsonl
from msm_mlx.pipeline.cost import StageForecast, advice, forecast, probe_settings, refuse_what_does_not_fit
from msm_mlx.pipeline.plan import Fingerprints, plan_run
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.resources.machine import Machine
from msm_mlx.resources.memory import ModelShape

BIG = ModelShape.from_config(QWEN3_8B)


def laptop(*overrides: str) -> Recipe:
    return load_recipe(RECIPES / "cheese_american.yaml", model="a/b", profile="laptop", overrides=overrides)


def machine(gigabytes: float, metal: bool = True) -> Machine:
    return Machine("Apple M3", metal, gigabytes * 1e9, 1e12, 1e11)


def test_a_probe_takes_fewer_rows_where_an_update_takes_long_but_a_whole_pass() -> None:
    settings = laptop("midtrain.batch_size=64", "midtrain.step_tokens=8192").settings.midtrain
    slow, fast = replace(machine(64), flops=1e12), replace(machine(64), flops=1e16)
    assert probe_settings(settings, BIG, fast) == settings
    assert probe_settings(settings, BIG, slow).batch_size == 8192 // settings.max_length


def test_what_does_not_fit_is_refused_with_settings_that_do() -> None:
    recipe, shape = laptop(), ModelShape.from_config(QWEN3_8B)
    due = plan_run(recipe, Fingerprints("")).stages
    refuse_what_does_not_fit(forecast(plan_run(recipe), shape, machine(64)), machine(64), due)
    with pytest.raises(SetupError, match=r"--set midtrain\.gradient_checkpointing=true") as refusal:
        refuse_what_does_not_fit(forecast(plan_run(recipe), shape, machine(11)), machine(11), due)
    text = str(refusal.value)
    options = [word for word in text.replace("\n", " ").split() if word.startswith(("midtrain.", "sft."))]
    refuse_what_does_not_fit(forecast(plan_run(laptop(*options)), shape, machine(11)), machine(11), due)
    documents = [stage for stage in due if stage.kind == "documents"]
    refuse_what_does_not_fit(forecast(plan_run(recipe), shape, machine(11)), machine(11), documents)
    with pytest.raises(SetupError, match="choose a smaller model"):
        refuse_what_does_not_fit(forecast(plan_run(recipe), shape, machine(3)), machine(3), due)


def test_every_kind_of_stage_is_forecast() -> None:
    stages = forecast(plan_run(laptop()), ModelShape.from_config(QWEN3_8B), machine(64))
    assert [(stage.kind, stage.runs) for stage in stages] == [
        ("documents", 1), ("midtrain", 3), ("sft", 6), ("evaluate", 10),
    ]  # fmt: skip
    assert all(stage.seconds > 0 and stage.memory.total > 4.6e9 for stage in stages)


def test_several_writers_share_the_documents() -> None:
    shared = laptop("documents.writer=[a/one, a/two]")
    big, small = ModelShape.from_config(QWEN3_8B), ModelShape.from_config(config("qwen3", 0))
    [of_big], [of_both] = (
        [stage for stage in forecast(plan_run(shared), small, machine(64), shapes) if stage.kind == "documents"]
        for shapes in ({"writer a/one": big, "writer a/two": big}, {"writer a/one": big, "writer a/two": small})
    )
    [alone] = [stage for stage in forecast(plan_run(laptop()), big, machine(64)) if stage.kind == "documents"]
    assert of_both.memory == of_big.memory == alone.memory  # one at a time
    assert of_both.seconds < of_big.seconds == pytest.approx(alone.seconds, rel=0.1)


def test_other_models_are_forecast_by_their_own_shapes() -> None:
    named = laptop("documents.writer.model=a/writer", "documents.critique.model=a/critic")
    big, small = ModelShape.from_config(QWEN3_8B), ModelShape.from_config(config("qwen3", 0))
    alone = {stage.kind: stage for stage in forecast(plan_run(laptop()), small, machine(64))}
    found = {
        stage.kind: stage for stage in forecast(plan_run(named), small, machine(64), {"writer": big, "critic": big})
    }
    assert list(found) == ["documents", "critique", "midtrain", "sft", "evaluate"]
    assert found["midtrain"] == alone["midtrain"]
    assert found["documents"].memory.total > 4.6e9 > alone["documents"].memory.total
    assert found["critique"].memory.total > 4.6e9
    judged = forecast(plan_run(laptop("judge.model=a/judge", "suites=[spec_qa]")), small, machine(64), {"judge": big})
    assert (judged[-1].kind, judged[-1].runs, judged[-1].memory.total > 4.6e9) == ("judge", 1, True)
    served = forecast(
        plan_run(laptop("documents.writer={model: m, server: 'http://localhost:1/v1'}")), small, machine(64)
    )
    assert [stage.kind for stage in served] == ["midtrain", "sft", "evaluate"]


def by_kind(*overrides: str, gigabytes: float = 64) -> dict[str, StageForecast]:
    return {stage.kind: stage for stage in forecast(plan_run(laptop(*overrides)), BIG, machine(gigabytes))}


def test_texts_that_are_there_already_take_no_model(tmp_path: Path) -> None:
    source = write(tmp_path / "mine.jsonl", good(1))
    assert "documents" not in by_kind(f"documents={{from: {source}, count: 1}}")
    after = f"stages={{after: {{documents: {source}}}}}"
    stages = by_kind("arms=[base, sft+after]", after)
    assert list(stages) == ["midtrain", "sft", "evaluate"]


def test_the_memory_of_training_is_that_of_the_stage_that_takes_most(tmp_path: Path) -> None:
    source = write(tmp_path / "mine.jsonl", good(1))
    usual = by_kind("arms=[base, msm]")["midtrain"]
    for length, more in ((256, False), (8192, True)):
        after = f"stages={{after: {{documents: {source}, max_length: {length}}}}}"
        stage = by_kind("arms=[base, msm+after]", after, "midtrain.step_tokens=8192", "midtrain.batch_size=1")
        alone = by_kind("arms=[base, msm]", "midtrain.step_tokens=8192", "midtrain.batch_size=1")
        assert (stage["midtrain"].memory.total > alone["midtrain"].memory.total) == more
        assert stage["midtrain"].runs == 2 * usual.runs


def test_time_grows_with_the_work() -> None:
    once = by_kind()
    assert by_kind("midtrain.updates=480")["midtrain"].seconds == pytest.approx(2 * once["midtrain"].seconds)
    assert by_kind("seeds=[0]")["sft"].seconds == pytest.approx(once["sft"].seconds / 3)
    assert by_kind("documents.count=7")["documents"].seconds < once["documents"].seconds
    assert by_kind("midtrain.gradient_checkpointing=true")["midtrain"].seconds == pytest.approx(
        1.5 * once["midtrain"].seconds
    )


def test_a_declared_stage_takes_as_long_as_its_own_rows(tmp_path: Path) -> None:
    chats = tmp_path / "chats.jsonl"
    write_jsonl(chats, [{"messages": [{"role": "user", "content": f"{n}?"}, {"role": "assistant", "content": "Yes."}]}
                        for n in range(40)])  # fmt: skip
    settings = f"chats: {chats}, epochs: 1, batch_size: 1"
    seconds = [by_kind("arms=[base, after]", f"stages={{after: {{{settings}{rows}}}}}")["sft"].seconds
               for rows in (", rows: 10", ", rows: 20", "")]  # fmt: skip
    assert seconds == pytest.approx([seconds[0], 2 * seconds[0], 4 * seconds[0]])


def test_plain_text_among_documents_takes_its_time(tmp_path: Path) -> None:
    texts = write(tmp_path / "texts.jsonl", good(1))
    epoch = "midtrain={epochs: 1, learning_rate: 1e-4, batch_size: 1, max_length: 64%s}"
    seconds = [by_kind(epoch % mix)["midtrain"].seconds for mix in ("", f", mix: {{from: {texts}, share: 0.5}}")]
    assert seconds[1] == pytest.approx(2 * seconds[0])
    assert "documents" not in by_kind(
        f"documents={{from: {texts}, count: 1}}", epoch % f", mix: {{from: {texts}, share: 0.5}}"
    )


def test_advice_names_the_setting_to_lower() -> None:
    few = by_kind("documents.critique.model=a/critic", gigabytes=3)
    assert not any(stage.fits for stage in few.values())
    assert advice(few["documents"]) == "; lower documents.batch_size"
    assert advice(few["critique"]) == "; lower documents.critique.batch_size"
    assert advice(few["evaluate"]) == "; lower evaluation.batch_size"
    assert "a lower lora.rank" in advice(few["midtrain"])
    assert "--set midtrain." in advice(by_kind(gigabytes=11)["midtrain"])


def test_documents_in_prompts_cost_memory_and_are_read_with_every_prompt() -> None:
    plain, read = (by_kind(f"arms=[{arm}]")["evaluate"] for arm in ("base", "context"))
    half = by_kind("arms=[context]", "evaluation.context=2048")["evaluate"]
    assert read.memory.total > plain.memory.total
    assert read.seconds - plain.seconds == pytest.approx(2 * (half.seconds - plain.seconds))
    scored = by_kind("arms=[context]", "evaluation.written=0")["evaluate"]
    assert read.seconds > scored.seconds > 0  # options are scored after the documents, though nothing is written


def test_no_more_of_them_is_read_than_the_model_reads() -> None:
    small = replace(BIG, context=512)
    *_, found = forecast(plan_run(laptop("arms=[context]")), small, machine(64))
    *_, asked = forecast(plan_run(laptop("arms=[context]", "evaluation.context=384")), BIG, machine(64))
    assert found == asked
