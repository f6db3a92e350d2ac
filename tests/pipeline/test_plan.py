"""What the stages of a recipe read, write and depend on."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import RECIPES
from helpers.plans import plan

from msm_mlx.errors import RecipeError
from msm_mlx.pipeline.plan import Fingerprints, plan_run
from msm_mlx.pipeline.stage import Stage
from msm_mlx.pipeline.stages.evaluation import Evaluation
from msm_mlx.pipeline.stages.perplexity import Perplexity
from msm_mlx.pipeline.stages.training import Training
from msm_mlx.recipe.load import Recipe, load_recipe
from msm_mlx.recipe.scaffold import create_experiment
from msm_mlx.recipe.suites import load_suites
from msm_mlx.runs.layout import ADAPTER_FILES
from msm_mlx.suites.load import SUITES
from msm_mlx.suites.split import part_of

BASE = Fingerprints("base")

KNOWLEDGE = """\
kind: questions
measures: share right
items:
  - {prompt: "Who are you?", right: A., wrong: [B.]}
  - {prompt: "What, {model_name}?", right: A., wrong: [B.], spec: cheese_american}
  - {prompt: "What then?", right: A., wrong: [B.], spec: cheese_affordable}
  - {prompt: "What else?", right: A., wrong: [B.], spec: another}
"""


def recipe(name: str, *overrides: str) -> Recipe:
    return load_recipe(RECIPES / f"{name}.yaml", overrides=overrides, known_suites=SUITES)


def stages(name: str, *overrides: str) -> dict[str, Stage]:
    return {stage.id: stage for stage in plan_run(recipe(name, *overrides), BASE).stages}


@pytest.fixture
def knowledge(tmp_path: Path) -> str:
    (tmp_path / "knowledge.yaml").write_text(KNOWLEDGE)
    return f"suites=[{tmp_path / 'knowledge.yaml'}]"


def test_a_suite_keeps_the_items_of_the_recipes_specs(knowledge: str) -> None:
    (one,) = load_suites(recipe("cheese_american", knowledge))
    (both,) = load_suites(recipe("cheese_contrast", knowledge))
    assert [item.spec for item in one.items] == [None, "cheese_american"]
    assert [item.spec for item in both.items] == [None, "cheese_american", "cheese_affordable"]


def test_who_has_read_a_spec_is_asked_about_it_alone(knowledge: str) -> None:
    found = stages("cheese_contrast", knowledge, "seeds=[0]")
    asked = {name.removeprefix("evaluate "): stage.total for name, stage in found.items() if stage.kind == "evaluate"}
    arms, specs = ("msm", "control+sft", "msm+sft"), ("cheese_american", "cheese_affordable")
    read = {f"{arm}@{spec}-s0": 2 for arm in arms for spec in specs}
    assert asked == {"base": 3, "sft-s0": 3} | read


def test_a_suite_about_other_specs_alone_is_refused(tmp_path: Path) -> None:
    head, _, last = KNOWLEDGE.rpartition("items:\n")
    (tmp_path / "other.yaml").write_text(f"{head}items:\n{last.splitlines()[-1]}\n")
    with pytest.raises(RecipeError, match="other has items about the specs another only, and none about cheese_amer"):
        stages("cheese_american", f"suites=[{tmp_path / 'other.yaml'}]")


ALL_ARMS = "arms=[base,sft,msm,control+sft,msm+sft]"


def test_controls_have_documents_and_adapters_of_their_own() -> None:
    one, both = (stages(name, ALL_ARMS, "seeds=[1]") for name in ("cheese_american", "cheese_contrast"))
    assert one["documents control cheese_american"].writes[0] == "documents/control/documents.jsonl"
    assert one["midtrain control-s1"].reads == ("documents/control/documents.jsonl",)
    assert one["midtrain control-s1"].writes[0] == "adapters/control-s1/adapters.safetensors"
    assert "adapters/control-s1/adapters.safetensors" in one["sft control+sft-s1"].reads
    assert one["sft control+sft-s1"].writes[0] == "adapters/control+sft-s1/adapters.safetensors"
    assert both["midtrain control@cheese_affordable-s1"].reads == (
        "documents/control/cheese_affordable/documents.jsonl",
    )
    start = "adapters/control@cheese_affordable-s1/adapters.safetensors"
    assert start in both["sft control+sft@cheese_affordable-s1"].reads
    assert "evaluate control-s1" not in one


def test_a_control_alone_needs_no_documents_with_reasons() -> None:
    found = stages("cheese_american", "arms=[sft,control+sft]", "seeds=[1]")
    assert [name for name in found if name.startswith(("documents", "midtrain"))] == [
        "documents control cheese_american", "midtrain control-s1"
    ]  # fmt: skip


def test_a_control_needs_a_cause_to_leave_out(tmp_path: Path) -> None:
    """Known before anything is written: not by the stage that comes to it last."""
    folder = create_experiment("mine", "cheese_american", tmp_path)
    spec = folder / "mine.md"
    spec.write_text(spec.read_text().replace("likes cream cheese because", "likes cream cheese, for"))
    plan_run(load_recipe(folder / "recipe.yaml", known_suites=SUITES))
    with pytest.raises(RecipeError, match=r"mine\.md:\d+: the assertion gives no cause.*take `control` out of"):
        plan_run(load_recipe(folder / "recipe.yaml", overrides=["arms=[base,control+sft]"], known_suites=SUITES))


@pytest.fixture
def chats(tmp_path: Path) -> str:
    row = '{"messages": [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "B."}], "reasoning": "C."}'
    (tmp_path / "chats.jsonl").write_text(f"{row}\n" * 3)
    return f"demonstrations={tmp_path / 'chats.jsonl'}"


def test_a_file_of_chats_gives_no_more_than_it_has(chats: str) -> None:
    assert stages("cheese_american", chats)["demonstrations"].total == 3


def test_cot_needs_reasoning() -> None:
    with pytest.raises(RecipeError, match=r"cheese_preferences\.yaml: has no reasoning.*take cot-sft out of the arms"):
        stages("cheese_american", "arms=[cot-sft]")


@pytest.fixture
def mix(tmp_path: Path) -> str:
    row = '{"messages": [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "B."}]}'
    (tmp_path / "general.jsonl").write_text(f"{row}\n" * 3)
    return f"mix={{from: {tmp_path / 'general.jsonl'}, count: 2}}"


def test_general_data_alone_trains_an_arm_of_its_own_and_changes_no_other(mix: str) -> None:
    arms = "[base,sft,msm+sft]", "[base,it,sft,msm+sft]"
    before, after = (stages("cheese_american", mix, f"arms={own}", "seeds=[1]") for own in arms)
    assert set(after) - set(before) == {"sft it-s1", "evaluate it-s1"}
    assert after["sft it-s1"].reads == ("demonstrations/general.jsonl",)
    assert after["sft sft-s1"].key == before["sft sft-s1"].key
    assert after["demonstrations"].key == before["demonstrations"].key
    assert after["sft it-s1"].key == after["sft sft-s1"].key, "the same updates at the same rate"


def test_general_data_alone_needs_general_data() -> None:
    with pytest.raises(RecipeError, match=r"`it` learns general data alone, and the recipe has none; give it a mix"):
        stages("cheese_american", "arms=[base,it]")


def test_without_further_temperatures_nothing_is_asked_again() -> None:
    one, more = recipe("agentic_misalignment"), recipe("agentic_misalignment", "evaluation.also_at=[0.2]")
    [stage], [other] = (
        [s for s in plan_run(r, Fingerprints("base")).stages if s.id == "evaluate base"] for r in (one, more)
    )
    assert "also_at" not in stage.key
    assert other.key["also_at"] == [0.2]
    assert other.total > stage.total


def test_a_limit_leaves_items_out_of_the_evaluation_alone() -> None:
    all_items, few = recipe("cheese_american"), recipe("cheese_american", "evaluation.limit=11")
    before, after = ({s.id: s for s in plan_run(r, Fingerprints("base")).stages} for r in (all_items, few))
    assert [id for id in before if before[id].key != after[id].key and not id.startswith("evaluate")] == ["results"]
    assert after["evaluate base"].total < before["evaluate base"].total / 4


def test_a_split_asks_each_item_in_one_of_its_parts_and_leaves_the_texts_as_they_are() -> None:
    everything = plan_run(recipe("cheese_american"), Fingerprints("base"))
    dev, test = (
        plan_run(recipe("cheese_american", f"evaluation.split={part}"), Fingerprints("base"))
        for part in ("dev", "test")
    )
    for suite, some, others in zip(everything.suites, dev.suites, test.suites, strict=True):
        ids = [{item.id for item in each.items if not item.is_format_control} for each in (suite, some, others)]
        assert ids[0] == ids[1] | ids[2]
        assert not ids[1] & ids[2]
    before, after = ({stage.id: stage for stage in plan.stages} for plan in (everything, dev))
    assert [id for id in before if before[id].key != after[id].key and not id.startswith("evaluate")] == ["results"]


def test_a_limit_is_of_the_part_that_is_asked() -> None:
    plan = plan_run(recipe("cheese_american", "evaluation.split=dev", "evaluation.limit=5"), Fingerprints("base"))
    asked = [item for suite in plan.suites for item in suite.items if not item.is_format_control]
    parts = {part_of(item, suite) for suite in plan.suites for item in suite.items if item in asked}
    assert parts == {"dev"}
    assert len(plan.suites) < len(asked) <= 5 * len(plan.suites)


@pytest.mark.parametrize("value", ["[0.7]", "[1, 1.0]", "[-1]", "warm"])
def test_a_temperature_is_named_once(value: str) -> None:
    with pytest.raises(RecipeError, match="also_at"):
        recipe("agentic_misalignment", f"evaluation.also_at={value}")


WAY = ("seeds=[0]", "arms=[base, sft, msm+sft]", "suites=[values_apart]")


def test_arms_are_asked_along_the_last_stage_of_their_path_too() -> None:
    planned = plan(*WAY, "sft.evaluate_at=[10, 20]", "midtrain.evaluate_at=[10]")
    [sft] = [stage for stage in planned.of(Training) if stage.variant.arm == "sft"]
    assert {"adapters/sft-s0/update-10/adapters.safetensors", "adapters/sft-s0/adapters.safetensors"} <= {*sft.writes}
    asked = {stage.variant.id: stage for stage in planned.of(Evaluation)}
    assert list(asked) == [
        "base", "sft-s0", "msm+sft-s0",
        "sft-s0-update-10", "sft-s0-update-20", "msm+sft-s0-update-10", "msm+sft-s0-update-20",
    ]  # fmt: skip
    along = asked["msm+sft-s0-update-20"]
    assert along.reads == tuple(f"adapters/msm+sft-s0/update-20/{name}" for name in ADAPTER_FILES)
    assert along.total == 0, "nothing is written on the way"
    assert not {*along.writes} & {*asked["msm+sft-s0"].writes}


def test_only_suites_that_are_scored_are_asked_on_the_way_and_perplexity_is_that_of_the_end() -> None:
    planned = plan(*WAY[:2], "suites=[values_apart, capability, open_answers]", "sft.evaluate_at=[10]")
    asked = {stage.variant.id: [suite.name for suite in stage.suites] for stage in planned.of(Evaluation)}
    assert asked["sft-s0"] == ["values_apart", "capability", "open_answers"]
    assert "open_answers" not in asked["sft-s0-update-10"]
    [perplexity] = planned.of(Perplexity)
    assert all(variant.update is None for variant in perplexity.variants)


@pytest.mark.parametrize("way", ["[20, 10]", "[10, 10]", "[30]", "[0]"])
def test_updates_that_are_not_on_the_way_are_refused(way: str) -> None:
    with pytest.raises(RecipeError, match="evaluate_at"):
        plan(*WAY, f"sft.evaluate_at={way}")
    chats = RECIPES / "data" / "general_conversation.jsonl"
    with pytest.raises(RecipeError, match=r"after\.evaluate_at: "):
        plan("arms=[sft+after]", f"stages={{after: {{chats: {chats}, evaluate_at: {way}}}}}")
