"""What a training stage has the model process do, and what it makes of its reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.plans import changed, keys, only, plan, recipe
from helpers.scripted_context import ScriptedContext, Trainer, scripted_context

from msm_mlx.files import write_jsonl
from msm_mlx.models.hub import resolve_model
from msm_mlx.pipeline.stages.training import Training
from msm_mlx.runs.layout import BEST, CHECKPOINT, PLAIN_TEXTS
from msm_mlx.runs.outcome import TrainingOutcome
from msm_mlx.training.metrics import Update
from msm_mlx.worker.job import TrainingJob, parse_job

ARMS = ("arms=[base, sft, msm, msm+sft]", "seeds=[3]")


def stages(*overrides: str) -> dict[str, Training]:
    return {stage.variant.id: stage for stage in plan(*ARMS, *overrides).of(Training)}


def train(run: Path, stage: Training, trainer: Trainer | None = None, rows: int = 4) -> ScriptedContext:
    data = run / stage.data
    data.parent.mkdir(parents=True, exist_ok=True)
    write_jsonl(data, [{"text": f"Text {number}."} for number in range(rows)])
    context = scripted_context(recipe(), run, trainer=trainer or Trainer())
    inputs = stage.key | {"stage": stage.kind}
    context.run.begin(stage.id, inputs, [])
    stage.run(context)
    return context


def update(number: int, loss: float) -> Update:
    return Update(number, loss, 1.0, 1e-3, 10, 12, 0.1, 0, 0)


def test_the_process_is_told_all_that_decides(lone_run: Path) -> None:
    [job] = train(lone_run, stages("lora.rank=4", "midtrain.updates=9")["msm-s3"]).trainer.jobs
    assert (job.method, job.seed, job.rank, job.scale) == ("midtrain", 3, 4, 2.0)
    assert (job.start, job.reasoned, job.probe) == (None, False, False)
    assert job.model == str(resolve_model("pocket").folder)
    assert Path(job.data) == lone_run / "documents/documents.jsonl"
    assert Path(job.folder) == lone_run / "adapters/msm-s3"
    assert job.train_settings().updates == 9


def test_plain_text_goes_to_the_process_that_learns_documents(lone_run: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts.jsonl"
    write_jsonl(texts, [{"text": "Rain fell."}])
    planned = stages(f"midtrain.mix={{from: {texts}, share: 0.75}}")
    [job] = train(lone_run, planned["msm-s3"]).trainer.jobs
    assert job.plain == str(lone_run / PLAIN_TEXTS)
    again = parse_job(json.loads(job.to_line()))
    assert isinstance(again, TrainingJob)
    assert again.train_settings() == planned["msm-s3"].settings
    assert planned["msm-s3"].rows_with_plain_text(10) == 40
    assert planned["sft-s3"].rows_with_plain_text(10) == stages()["msm-s3"].rows_with_plain_text(10) == 10
    assert train(lone_run, planned["sft-s3"]).trainer.jobs[0].plain is None


def test_a_later_stage_goes_on_with_the_adapter_of_the_earlier(lone_run: Path) -> None:
    stage = stages()["msm+sft-s3"]
    [job] = train(lone_run, stage).trainer.jobs
    assert job.method == "sft"
    assert job.start_folder == lone_run / "adapters/msm-s3"
    assert Path(job.data) == lone_run / "demonstrations/train.jsonl"
    before = stages()["msm-s3"]
    assert set(stage.reads) >= {name for name in before.writes if "adapter" in Path(name).name}


def test_files_to_go_on_from_are_scratch_and_the_adapter_is_not() -> None:
    stage = stages()["sft-s3"]
    assert {Path(name).name for name in stage.scratch} == {CHECKPOINT, BEST}
    assert set(stage.scratch).isdisjoint(stage.writes)


def test_the_same_training_from_the_base_has_one_key_and_another_seed_another() -> None:
    found = {stage.id: stage for stage in plan("arms=[base,sft,msm+sft]", "seeds=[0,1]").of(Training)}
    assert found["sft sft-s0"].key == found["sft msm+sft-s0"].key  # what they start from is among the files
    assert found["sft sft-s0"].reads != found["sft msm+sft-s0"].reads
    assert found["sft sft-s0"].key != found["sft sft-s1"].key


@pytest.mark.parametrize(
    ("change", "due"),
    [
        ("lora.rank=8", {"midtrain msm-s3", "sft sft-s3", "sft msm+sft-s3"}),
        ("midtrain.overlap=3", {"midtrain msm-s3"}),
        ("sft.updates=9", {"sft sft-s3", "sft msm+sft-s3"}),
        ("sft.gradient_checkpointing=true", set()),
    ],
)
def test_settings_decide_about_their_own_stages(change: str, due: set[str]) -> None:
    assert changed(keys(plan(*ARMS)), keys(plan(*ARMS, change))) == due


def test_losses_are_shown_as_they_come(lone_run: Path) -> None:
    updates = [update(1, 3.0), update(2, 1.5)]
    context = train(lone_run, stages()["sft-s3"], Trainer(updates=updates))
    assert [done for done, _ in context.told.progress] == [1, 2]
    assert context.told.progress[-1][1].startswith("loss 1.500 █▁, ")


def test_a_crash_is_noted_with_what_it_went_on_with(lone_run: Path) -> None:
    crash = "the GPU ran out of memory", {"step_tokens": 512}
    context = train(lone_run, stages()["sft-s3"], Trainer(crash=crash))
    assert context.run.record()["stages"]["sft sft-s3"]["crash"] == {"reason": crash[0], "went_on_with": crash[1]}


@pytest.mark.parametrize(
    ("more", "rows", "warned"),
    [
        (("midtrain.updates=150",), 4, True),
        (("midtrain.updates=240",), 4, False),
        (("midtrain.updates=0",), 4, False),
        (("midtrain.updates=null", "midtrain.epochs=2", "midtrain.batch_size=4"), 40, True),
        (("midtrain.updates=null", "midtrain.epochs=20", "midtrain.batch_size=4"), 60, False),
    ],
)
def test_few_updates_are_told_where_they_gave_false_nulls(
    lone_run: Path, tiny_model_folder: Callable[[str], Path], more: tuple[str, ...], rows: int, warned: bool
) -> None:
    model = f"model={tiny_model_folder('llama')}"
    stage = only(Training, model, "arms=[base, msm]", "seeds=[0]", *more)
    lines = train(lone_run, stage, rows=rows).lines
    assert any("gave false nulls" in line for line in lines) == warned


@pytest.mark.parametrize(("updates", "left"), [(3, ["Only 3 updates of 4: 8 of 20 rows are left out."]), (5, [])])
def test_chats_that_no_update_has_are_counted(
    tiny_model_folder: Callable[[str], Path], updates: int, left: list[str]
) -> None:
    model = f"model={tiny_model_folder('llama')}"
    more = (f"sft.updates={updates}", "sft.batch_size=4")
    stage = only(Training, model, "arms=[base, sft]", "seeds=[0]", *more)

    assert stage.few_updates(20) == left


def test_the_embedded_model_is_told_of_fewer_updates_than_any_shipped_recipe_has(lone_run: Path) -> None:
    assert train(lone_run, stages("midtrain.updates=10")["msm-s3"]).lines == []
    assert stages("midtrain.updates=1")["msm-s3"].few_updates(4) == ["Only 1 update: below 10, pocket hardly learns."]


def test_a_training_that_learned_nothing_is_told_and_recorded(lone_run: Path) -> None:
    nothing = TrainingOutcome(updates=3, rows=2, held_out=False, problems=("Learned nothing: why.",))
    context = train(lone_run, stages()["sft-s3"], Trainer(outcome=nothing))
    assert context.lines == ["sft sft-s3: Learned nothing: why."]
    recorded = context.run.record()["stages"]["sft sft-s3"]["outcome"]
    assert TrainingOutcome.model_validate(recorded) == nothing
