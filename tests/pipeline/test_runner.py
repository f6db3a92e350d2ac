"""How stages are run: which are left, copied, gone on with or refused, and in which order a run looks at things."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
from helpers.command_line import ROOT
from helpers.fake_hub import FIRST, Hub
from helpers.finished_runs import finish_run
from helpers.model_configs import QWEN3_8B
from helpers.opened_files import opened_files
from helpers.plans import recipe
from helpers.ready_documents import good, write
from helpers.reporters import StageReporter
from helpers.scripted_context import ScriptedContext, scripted_context
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.pipeline.context import Context
from msm_mlx.pipeline.runner import run_recipe, run_stage
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.recipe.arm_descriptions import describe_training
from msm_mlx.recipe.load import Recipe
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import DEMONSTRATIONS, RECIPE, RECORD, REPORT_MARKDOWN, TEMPLATE
from msm_mlx.runs.results import read_results

HUGE = QWEN3_8B | {"hidden_size": 65536, "num_hidden_layers": 500, "intermediate_size": 262_144}
OUT, SCRATCH, EARLIER = "out/lines.txt", "out/progress.txt", "out/earlier.txt"


@dataclass(frozen=True, kw_only=True)
class Lines(Stage):
    """Writes `count` lines, after those that it finds: of an attempt that was stopped, or of when it was smaller."""

    unit: ClassVar[str] = "lines"
    word: str = "a"
    count: int = 2
    source: tuple[str, ...] = ()
    stops_after: int | None = None
    work: list[str] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        return "documents"

    @property
    def id(self) -> str:
        return "lines"

    @property
    def total(self) -> int:
        return self.count

    @property
    def reads(self) -> tuple[str, ...]:
        return self.source

    @property
    def writes(self) -> tuple[str, ...]:
        return (OUT,)

    @property
    def scratch(self) -> tuple[str, ...]:
        return (SCRATCH, EARLIER)

    @property
    def grows_with(self) -> tuple[str, ...]:
        return ("count",)

    @property
    def keeps(self) -> tuple[tuple[str, str], ...]:
        return ((OUT, EARLIER),)

    @property
    def key(self) -> dict[str, Any]:
        return {"word": self.word, "count": self.count}

    def run(self, context: Context) -> None:
        folder = context.run.path
        (folder / OUT).parent.mkdir(exist_ok=True)
        lines = [line for name in (EARLIER, SCRATCH) for line in _lines(folder / name)]
        while len(lines) < self.count:
            if len(self.work) == self.stops_after:
                raise KeyboardInterrupt
            self.work.append(self.word)
            lines.append(self.word)
            with (folder / SCRATCH).open("a") as file:
                file.write(f"{self.word}\n")
        (folder / OUT).write_text("\n".join(lines))


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def do(run: Path, stage: Stage) -> ScriptedContext:
    run.mkdir(parents=True, exist_ok=True)
    context = scripted_context(recipe(), run)
    run_stage(stage, context)
    return context


def state(run: Path) -> str:
    return str(RunFolder(run).record()["stages"]["lines"]["state"])


# --- one stage -----------------------------------------------------------------------------------------------------


def test_what_is_done_is_not_done_again(lone_run: Path) -> None:
    first, second = Lines(), Lines()
    assert do(lone_run, first).told.begun == {"lines": "not run yet"}
    context = do(lone_run, second)
    assert (len(first.work), len(second.work)) == (2, 0)
    assert context.told.begun == {}
    assert "from the same inputs" in context.told.skipped["lines"]


def test_a_neighbour_lends_what_it_did_from_the_same_inputs(tmp_path: Path) -> None:
    do(tmp_path / "runs" / "one", Lines())
    same, other = Lines(), Lines(word="b")
    context = do(tmp_path / "runs" / "two", same)
    assert same.work == []
    assert context.told.skipped == {"lines": "copied from the run one, which did it from the same inputs"}
    assert (tmp_path / "runs/two" / OUT).read_text() == "a\na"
    assert RunFolder(tmp_path / "runs/two").record()["stages"]["lines"]["borrowed_from"] == "one"
    do(tmp_path / "runs" / "three", other)
    assert other.work == ["b", "b"]


def test_a_stage_that_was_stopped_is_started_and_goes_on(lone_run: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        do(lone_run, Lines(count=5, stops_after=3))
    assert state(lone_run) == "started"
    later = Lines(count=5)
    context = do(lone_run, later)
    assert context.told.begun == {"lines": "was interrupted"}
    assert context.told.finished == ["lines"]
    assert len(later.work) == 2
    assert state(lone_run) == "done"


def test_stopped_and_then_asked_for_something_else_it_begins_anew(lone_run: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        do(lone_run, Lines(count=5, stops_after=3))
    later = Lines(word="b", count=5)
    do(lone_run, later)
    assert (lone_run / OUT).read_text().split() == ["b"] * 5


def test_a_stage_that_grows_goes_on_from_what_it_had(lone_run: Path) -> None:
    do(lone_run, Lines(count=2))
    more = Lines(count=5)
    context = do(lone_run, more)
    assert context.told.begun == {"lines": "its inputs changed (count)"}
    assert len(more.work) == 3
    assert (lone_run / OUT).read_text().split() == ["a"] * 5


def test_of_a_stage_that_changes_otherwise_too_nothing_is_kept(lone_run: Path) -> None:
    do(lone_run, Lines(count=2))
    other = Lines(word="b", count=5)
    do(lone_run, other)
    assert len(other.work) == 5
    assert not (lone_run / EARLIER).exists()


def test_a_stage_waits_for_what_it_reads(lone_run: Path) -> None:
    with pytest.raises(MsmError, match=r"lines waits for nowhere\.txt in .*; run the stage that makes it first"):
        do(lone_run, Lines(source=("nowhere.txt",)))
    assert not (lone_run / RECORD).exists()


def test_a_file_that_it_reads_decides(lone_run: Path) -> None:
    lone_run.mkdir(parents=True)
    for text, due in (("one", True), ("one", False), ("two", True)):
        (lone_run / "in.txt").write_text(text)
        stage = Lines(source=("in.txt",))
        do(lone_run, stage)
        assert bool(stage.work) == due


# --- a run ---------------------------------------------------------------------------------------------------------


def run(folder: Path, one: Recipe, *kinds: Kind, **options: Any) -> StageReporter:
    reporter = StageReporter()
    run_recipe(one, RunFolder(folder), reporter, kinds, **options)
    return reporter


def test_a_run_leaves_what_it_was_made_from(lone_run: Path) -> None:
    reporter = run(lone_run, recipe("sft.rows=10"), "demonstrations")
    assert list(reporter.begun) == ["demonstrations"]
    record = json.loads((lone_run / RECORD).read_text())
    assert record["recipe"] == "cheese_american"
    assert record["model"]["name"] == "pocket"
    assert record["model"]["chat_template"]["sha256"]
    assert "msm-mlx" in record["versions"]
    assert "rows: 10" in (lone_run / RECIPE).read_text()
    assert (lone_run / TEMPLATE).read_text()
    assert (lone_run / DEMONSTRATIONS).exists()


@pytest.mark.parametrize("again", [False, True])
def test_a_run_is_planned_once(lone_run: Path, again: bool) -> None:
    """Whose models are here; each plan reads the spec."""
    if again:
        run(lone_run, recipe("sft.rows=10"), "demonstrations")
    one = recipe("sft.rows=10")
    with opened_files(ROOT / "specs") as opened:
        run(lone_run, one, "demonstrations")
    assert dict(opened) == {"cheese_american.md": 1}


def test_what_cannot_be_planned_makes_no_folder(lone_run: Path) -> None:
    with pytest.raises(RecipeError, match="has no reasoning"):
        run(lone_run, recipe("arms=[cot-sft]"), "demonstrations")
    assert not lone_run.exists()


def test_stages_of_other_kinds_have_to_be_there(lone_run: Path) -> None:
    with pytest.raises(MsmError, match=r"midtrain msm-s0 waits for documents/documents\.jsonl"):
        run(lone_run, recipe("seeds=[0]"), "midtrain")
    assert not (lone_run / RECORD).exists()


def test_a_damaged_source_is_told_before_anything_is_changed(lone_run: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "mine.jsonl", *map(good, range(3)))
    one = recipe("model_name=Mo", "arms=[base, msm]", f"documents={{from: {source}, count: 2}}")
    run(lone_run, one, "documents")
    before = {path: path.read_bytes() for path in lone_run.rglob("*") if path.is_file()}
    write(tmp_path / "mine.jsonl", good(1), text=3)
    with pytest.raises(RecipeError, match=r"mine\.jsonl:1: text must be text"):
        run(lone_run, one, "documents")
    assert {path: path.read_bytes() for path in lone_run.rglob("*") if path.is_file()} == before


def test_memory_is_looked_at_before_any_weights_are_downloaded(lone_run: Path, client: Path, server: Hub) -> None:
    server.files["config.json"] = json.dumps(HUGE).encode()
    one = recipe("model=o/m", "arms=[base, sft]", "seeds=[0]", "lora.rank=1")
    with pytest.raises(SetupError, match="training will not fit into"):
        run(lone_run, one, "sft")
    assert not any("model.safetensors" in path for path in server.served)
    with pytest.raises(MsmError, match=r"sft sft-s0 waits for demonstrations"):
        run(lone_run, one, "sft", any_memory=True)
    assert any("model.safetensors" in path for path in server.served)


def test_memory_is_of_no_matter_where_nothing_is_trained(lone_run: Path, client: Path, server: Hub) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        server.files[name] = (POCKET_WEIGHTS / name).read_bytes()
    server.files["config.json"] = json.dumps(HUGE).encode()
    run(lone_run, recipe("model=o/m", "sft.rows=3", "lora.rank=1"), "demonstrations")
    record = json.loads((lone_run / RECORD).read_text())
    assert (record["model"]["name"], record["model"]["revision"]) == ("o/m", FIRST)


@pytest.mark.slow
def test_every_built_in_control_runs_from_a_recipe_and_what_they_share_is_trained_once(tmp_path: Path) -> None:
    arms = ("base", "sft", "msm+sft", "msm+it", "sft+msm", "opposite+sft", "chats+sft", "context", "sft+context")
    data = ROOT / "recipes" / "data"
    run = finish_run(
        tmp_path / "run",
        (
            f"arms=[{', '.join(arms)}]",
            f"swap={data / 'swaps' / 'attitudes.yaml'}",
            f"mix={{from: {data / 'general_conversation.jsonl'}, share: 0.5}}",
            "evaluation.limit=8",
            "evaluation.written=0",
        ),
    )
    results = read_results(run)
    assert {row.arm for row in results.pooled} == set(arms)
    trained = [name for name in RunFolder(run).record()["stages"] if name.startswith(("midtrain ", "sft "))]
    assert sorted(trained) == [
        "midtrain msm-s0", "midtrain opposite-s0", "midtrain sft+msm-s0", "sft chats+sft-s0", "sft chats-s0",
        "sft msm+it-s0", "sft msm+sft-s0", "sft opposite+sft-s0", "sft sft-s0",
    ]  # fmt: skip
    choices = {row.arm: row.value for row in results.pooled if row.metric == "choice"}
    assert choices["context"] > choices["base"]
    report = (run / REPORT_MARKDOWN).read_text(encoding="utf-8")
    assert all(f"| {arm} | {describe_training(arm, {})} |" in report for arm in arms)
