"""What decides about which stages: with one thing changed, their keys change and no others."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from helpers.command_line import RECIPES, ROOT
from helpers.plans import MODELS, Keys, changed, keys, plan

from msm_mlx.pipeline.plan import Fingerprints, RunPlan, plan_run
from msm_mlx.recipe.load import load_recipe
from msm_mlx.runs.folder import RunFolder
from msm_mlx.suites.load import SUITES

ARMS = "base, it, sft, cot-sft, msm, control+sft, msm+sft, msm+it, sft+msm, msm+sft+after"
PLAN = {"plan cheese_american"}
DRAFTS = {"drafts cheese_american", "drafts control cheese_american"}
DOCUMENTS = {"documents cheese_american", "documents control cheese_american"}
CHATS = {"demonstrations", "demonstrations of after"}
MIDTRAIN = {f"midtrain {name}-s0" for name in ("control", "msm", "sft+msm")}
AFTER = {"sft msm+sft+after-s0"}
SFT = {f"sft {name}-s0" for name in ("it", "sft", "cot-sft", "control+sft", "msm+sft", "msm+it")} | AFTER
EVALUATE = {"evaluate base"} | {
    f"evaluate {name}-s0"
    for name in ("it", "sft", "cot-sft", "msm", "control+sft", "msm+sft", "msm+it", "sft+msm", "msm+sft+after")
}
SUITE = """\
kind: questions
measures: share right
items:
  - {prompt: "Who are you?", right: A., wrong: [B.]}
"""
CHANGES: list[tuple[str, set[str]]] = [
    ("name=other", {"results"}),
    ("model_name=Zed", CHATS | DRAFTS | DOCUMENTS | EVALUATE | {"judge", "results"}),
    ("provider_name=Zed", DRAFTS | DOCUMENTS),
    ("documents.count=99", PLAN | DRAFTS),
    ("documents.ideas=2", PLAN),
    ("documents.types=[memo]", PLAN),
    ("documents.temperature=0.9", PLAN | DRAFTS),
    ("documents.max_tokens=99", DRAFTS | DOCUMENTS),
    ("documents.control_note='No idea.'", {name for name in DRAFTS | DOCUMENTS if "control" in name}),
    ("documents.critique.temperature=0.1", DOCUMENTS),
    ("documents.critique.batch_size=3", set()),
    ("documents.max_attempts_per_document=9", set()),
    ("documents.seed=3", PLAN | DRAFTS | DOCUMENTS),
    ("sft.rows=2", {"demonstrations"}),
    ("sft.updates=7", SFT),
    ("sft.reasoning='{reasoning} So: {reply}'", {"sft cot-sft-s0"}),
    ("sft.checkpoint_every=3", set()),
    ("midtrain.learning_rate=1e-5", MIDTRAIN),
    ("midtrain.gradient_checkpointing=true", set()),
    ("lora.rank=8", MIDTRAIN | SFT),
    ("evaluation.samples=5", EVALUATE),
    ("judge.max_tokens=77", {"judge"}),
]


@dataclass(frozen=True)
class Folder:
    """A recipe with stages of every kind, and its files, to be changed."""

    path: Path
    recipe: str = "cheese_american"

    @property
    def chats(self) -> Path:
        return self.path / "chats.jsonl"

    def plan(self, *overrides: str) -> RunPlan:
        stages = f"stages={{after: {{chats: {self.chats}}}}}"
        everything = (
            f"arms=[{ARMS}]", stages, f"mix={{from: {self.path / 'general.jsonl'}, count: 2}}", "seeds=[0]",
            f"demonstrations={self.path / 'shown.jsonl'}", f"suites=[{self.path / 'mine.yaml'}, capability, spec_qa]",
            "documents.critique.model=pocket", "judge.model=pocket",
        )  # fmt: skip
        return plan(*everything, *overrides, name=self.recipe)

    def keys(self, *overrides: str) -> Keys:
        return keys(self.plan(*overrides))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    for name in ("shown", "general", "chats"):
        write_chats(tmp_path / f"{name}.jsonl", "ABCD")
    (tmp_path / "mine.yaml").write_text(SUITE)
    return Folder(tmp_path)


def write_chats(path: Path, letters: Iterable[str]) -> None:
    rows = ([{"role": "user", "content": f"{one}?"}, {"role": "assistant", "content": "B."}] for one in letters)
    path.write_text("".join(json.dumps({"messages": row, "reasoning": "C."}) + "\n" for row in rows))


@pytest.mark.parametrize(("change", "stages"), CHANGES, ids=[change for change, _ in CHANGES])
def test_a_setting_decides_about_its_stages_and_no_others(folder: Folder, change: str, stages: set[str]) -> None:
    assert changed(folder.keys(), folder.keys(change)) == stages


def test_a_suites_items_decide_about_those_who_answer_and_judge_them(folder: Folder) -> None:
    before = folder.keys()
    (folder.path / "mine.yaml").write_text(SUITE.replace("[B.]", "[C.]"))
    assert changed(before, folder.keys()) == EVALUATE | {"results"}
    (folder.path / "mine.yaml").write_text(SUITE.replace("Who are you?", "Who is it?"))
    told = DRAFTS | DOCUMENTS | {"demonstrations of after"}  # which may not quote it
    assert changed(before, folder.keys()) == EVALUATE | told | {"results"}


def test_the_chats_of_a_declared_stage_decide_about_its_texts_alone(folder: Folder) -> None:
    before = folder.keys()
    write_chats(folder.chats, "ABCE")
    assert changed(before, folder.keys()) == {"demonstrations of after"}


@pytest.mark.parametrize(
    ("setting", "stages"),
    [("rows: 2", {"demonstrations of after"}), ("learning_rate: 1e-5", AFTER), ("updates: 3", AFTER)],
)
def test_a_setting_of_a_declared_stage_decides_about_it_alone(folder: Folder, setting: str, stages: set[str]) -> None:
    after = folder.keys(f"stages={{after: {{chats: {folder.chats}, {setting}}}}}")
    assert changed(folder.keys(), after) == stages


def spec_keys(folder: Path, old: str = "", new: str = "") -> Keys:
    """The keys of a recipe of its own, with something put in another's place in the spec."""
    for name in ("recipes", "specs"):
        shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
    spec = folder / "specs" / "cheese_american.md"
    text = spec.read_text()
    assert old in text
    spec.write_text(text.replace(old, new, 1))
    overrides = ("arms=[base, msm, control+sft]", "seeds=[0]", "suites=[values_apart]")
    recipe = load_recipe(folder / "recipes" / "cheese_american.yaml", overrides=overrides, known_suites=SUITES)
    return keys(plan_run(recipe, MODELS))


@pytest.mark.parametrize(
    ("old", "new", "stages"),
    [
        ("The list is short on purpose.", "The list is short.", {"documents cheese_american"}),
        (
            "> {model_name} likes cream cheese because",
            "> {model_name} loves cream cheese because",
            {"documents cheese_american", "documents control cheese_american"},
        ),
        (
            "### cream cheese",
            "### soft cheese",
            {"plan cheese_american", "documents cheese_american", "documents control cheese_american"},
        ),
    ],
)
def test_the_spec_decides_as_far_as_it_is_read(tmp_path: Path, old: str, new: str, stages: set[str]) -> None:
    before = spec_keys(tmp_path / "before")
    assert changed(before, spec_keys(tmp_path / "after", old, new)) == stages


@pytest.mark.parametrize(
    ("models", "stages"),
    [
        (replace(MODELS, base="other"), PLAN | DRAFTS | MIDTRAIN | SFT | EVALUATE | {"demonstrations", "perplexity"}),
        (replace(MODELS, others=dict(MODELS.others) | {"critic": "other"}), DOCUMENTS),
        (replace(MODELS, others=dict(MODELS.others) | {"judge": "other"}), {"judge"}),
    ],
    ids=["base", "critic", "judge"],
)
def test_a_model_decides_about_its_own_stages(folder: Folder, models: Fingerprints, stages: set[str]) -> None:
    recipe = folder.plan().recipe
    free = PLAN | {"demonstrations"}  # without ideas nobody is asked for the plan, nor for chats of a file
    assert changed(keys(plan_run(recipe, MODELS)), keys(plan_run(recipe, models))) == stages - free


@pytest.mark.parametrize("name", ["cheese_american", "cheese_contrast"])
def test_no_two_stages_share_an_id_or_a_file(folder: Folder, name: str) -> None:
    stages = replace(folder, recipe=name).plan().stages
    ids = Counter(stage.id for stage in stages)
    written = Counter(file for stage in stages for file in (*stage.writes, *stage.scratch))
    assert {each for each, count in (ids + written).items() if count > 1} == set()


@pytest.mark.parametrize("name", ["cheese_american", "cheese_contrast"])
def test_a_stage_reads_what_one_before_it_has_written(folder: Folder, name: str) -> None:
    written: set[str] = set()
    for stage in replace(folder, recipe=name).plan().stages:
        assert written.issuperset(stage.reads), stage.id
        at_default = {"prefix", "prefix_supervised"}  # and therefore in no key
        assert set(stage.grows_with) - at_default <= {*stage.key, *stage.reads}
        written.update(stage.writes)


def test_the_inputs_hold_files_by_their_hashes(tmp_path: Path, folder: Folder) -> None:
    [stage] = [one for one in folder.plan().stages if one.id == "sft msm+sft-s0"]
    run = RunFolder(tmp_path / "run")
    assert stage.missing(run) == stage.reads[0]
    for name in stage.reads:
        (run.path / name).parent.mkdir(parents=True, exist_ok=True)
        (run.path / name).write_text(name)
    assert stage.missing(run) is None
    inputs = stage.inputs(run)
    assert inputs.keys() == {"stage", "version", *stage.key, *stage.reads}
    (run.path / stage.reads[0]).write_text("other")
    after = stage.inputs(run)
    assert {name for name in inputs if inputs[name] != after[name]} == {stage.reads[0]}


def test_a_key_is_json(folder: Folder) -> None:
    for stage in folder.plan().stages:
        assert json.loads(json.dumps(stage.key)) == stage.key, stage.id


@pytest.mark.slow
def test_recipes_that_are_shipped_have_no_two_stages_alike() -> None:
    for path in RECIPES.glob("*.yaml"):
        ids = [stage.id for stage in plan(name=path.stem).stages]
        assert len(ids) == len(set(ids)), path.name
