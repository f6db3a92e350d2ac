"""What a variant is asked: all items that are for it, and of those only what it has not answered yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.plans import plan, recipe
from helpers.scripted_context import ScriptedContext, scripted_context
from helpers.scripted_weights import load_scripted

from msm_mlx.files import read_jsonl
from msm_mlx.pipeline.stages.evaluation import Evaluation
from msm_mlx.pipeline.work import run_stage
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import ADAPTER_FILES

FILE = "evaluation/variants/base.jsonl"


def suite(path: Path, *prompts: str) -> Path:
    items = "".join(f'  - {{prompt: "{prompt}", any_of: [Yes]}}\n' for prompt in prompts)
    path.write_text(f"kind: open\nmeasures: share that agree\nitems:\n{items}")
    return path


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return suite(tmp_path / "one.yaml", "Is it?", "Was it?")


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return suite(tmp_path / "two.yaml", "Will it?")


def settings(suites: Sequence[Path], *more: str) -> tuple[str, ...]:
    names = ", ".join(map(str, suites))
    return "arms=[base, sft]", "seeds=[0]", f"suites=[{names}]", "evaluation.max_tokens=9", *more


def stages(suites: Sequence[Path], *more: str) -> dict[str, Evaluation]:
    return {stage.id: stage for stage in plan(*settings(suites, *more)).of(Evaluation)}


class Interviewee:
    """Answers every question, and remembers which it was asked."""

    def __init__(self, reply: str = "Yes.") -> None:
        self.asked: dict[str, None] = {}
        self.reply = reply

    def __call__(self, question: str) -> str:
        self.asked[question.split("\n")[-1]] = None
        return self.reply


def ask(run: Path, suites: Sequence[Path], *more: str, reply: str = "Yes.") -> tuple[ScriptedContext, list[str]]:
    """Bring the base's answers up to date; the context, and the questions that were asked."""
    interviewee = Interviewee(reply)
    context = scripted_context(recipe(*settings(suites, *more)), run, loaded=load_scripted(interviewee))
    run_stage(stages(suites, *more)["evaluate base"], context)
    return context, list(interviewee.asked)


def rows(run: Path) -> list[dict[str, Any]]:
    return read_jsonl(run / FILE)


def test_every_item_is_answered_in_the_order_of_the_suites(lone_run: Path, one: Path, two: Path) -> None:
    context, asked = ask(lone_run, [one, two])
    assert asked == ["Is it?", "Was it?", "Will it?"]
    assert [row["item"] for row in rows(lone_run)] == ["one/item-1", "one/item-2", "two/item-1"]
    assert [row["written"] for row in rows(lone_run)] == [["Yes."]] * 3
    assert [done for done, _ in context.told.progress] == [1, 2, 3]
    assert [variant.id for variant in context.asked_variants] == ["base"]


def test_of_a_suite_that_is_added_only_its_items_are_asked(lone_run: Path, one: Path, two: Path) -> None:
    ask(lone_run, [one])
    before = rows(lone_run)
    context, asked = ask(lone_run, [one, two], reply="No.")
    assert context.told.begun == {"evaluate base": "its inputs changed (suites)"}
    assert asked == ["Will it?"]
    assert rows(lone_run)[:2] == before
    assert context.lines == ["1 of these replies are asked now; the others are there from the same inputs."]
    assert [done for done, _ in context.told.progress] == [3]


def test_a_suite_that_has_changed_is_asked_anew_and_the_other_is_not(lone_run: Path, one: Path, two: Path) -> None:
    ask(lone_run, [one, two])
    suite(two, "Might it?")
    _, asked = ask(lone_run, [one, two], reply="No.")
    assert asked == ["Might it?"]
    assert [row["written"] for row in rows(lone_run)] == [["Yes."], ["Yes."], ["No."]]


def test_a_suite_that_is_taken_out_takes_its_answers_along(lone_run: Path, one: Path, two: Path) -> None:
    ask(lone_run, [one, two])
    _, asked = ask(lone_run, [two], reply="No.")
    assert asked == []
    assert [row["item"] for row in rows(lone_run)] == ["two/item-1"]


@pytest.mark.parametrize("change", ["evaluation.max_tokens=8", "model_name=Zed"])
def test_asked_otherwise_all_is_asked_anew(lone_run: Path, one: Path, two: Path, change: str) -> None:
    ask(lone_run, [one])
    _, asked = ask(lone_run, [one, two], change, reply="No.")
    assert asked == ["Is it?", "Was it?", "Will it?"]
    assert [row["written"] for row in rows(lone_run)] == [["No."]] * 3


def test_answers_that_were_interrupted_are_those_of_unchanged_suites(lone_run: Path, one: Path, two: Path) -> None:
    ask(lone_run, [one])

    def stop(question: str) -> str:
        raise KeyboardInterrupt

    context = scripted_context(recipe(*settings([one, two])), lone_run, loaded=load_scripted(stop))
    with pytest.raises(KeyboardInterrupt):
        run_stage(stages([one, two])["evaluate base"], context)
    assert RunFolder(lone_run).record()["stages"]["evaluate base"]["state"] == "started"
    _, asked = ask(lone_run, [one, two])
    assert asked == ["Will it?"]


def test_what_is_answered_is_known_by_suite(lone_run: Path, one: Path, two: Path) -> None:
    run = RunFolder(lone_run)
    assert stages([one])["evaluate base"].answered(run) == set()
    ask(lone_run, [one, two])
    run = RunFolder(lone_run)
    assert stages([one, two])["evaluate base"].answered(run) == {"one", "two"}
    suite(two, "Might it?")
    assert stages([one, two])["evaluate base"].answered(run) == {"one"}
    assert stages([one], "evaluation.max_tokens=8")["evaluate base"].answered(run) == set()
    (lone_run / FILE).unlink()
    assert stages([one])["evaluate base"].answered(run) == set()


def test_a_trained_variant_is_asked_anew_with_another_adapter(lone_run: Path, one: Path) -> None:
    stage = stages([one])["evaluate sft-s0"]
    assert stage.reads == tuple(f"adapters/sft-s0/{name}" for name in ADAPTER_FILES)
    for weights in ("first", "second"):
        for name in stage.reads:
            (lone_run / name).parent.mkdir(parents=True, exist_ok=True)
            (lone_run / name).write_text(weights)
        interviewee = Interviewee(weights)
        run_stage(stage, scripted_context(recipe(), lone_run, loaded=load_scripted(interviewee)))
        assert list(interviewee.asked) == ["Is it?", "Was it?"]
    assert [row["written"] for row in read_jsonl(lone_run / stage.file)] == [["second"], ["second"]]


KNOWN = """\
kind: open
measures: share that agree
items:
  - {prompt: "Is it?", any_of: [Yes]}
  - {prompt: "Is it American?", any_of: [Yes], spec: cheese_american}
"""


def about_specs(path: Path) -> list[Evaluation]:
    return plan("arms=[base, sft, msm]", "seeds=[0]", f"suites=[{path}]", name="cheese_contrast").of(Evaluation)


def test_items_about_a_spec_are_for_those_who_read_it_and_who_read_none(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(KNOWN)
    before = {stage.variant.id: (stage.total, stage.key) for stage in about_specs(path)}
    totals = {name: total for name, (total, _) in before.items()}
    assert totals == {"base": 2, "sft-s0": 2, "msm@cheese_american-s0": 2, "msm@cheese_affordable-s0": 1}
    path.write_text(KNOWN.replace("American?", "so?"))
    due = {stage.variant.id for stage in about_specs(path) if stage.key != before[stage.variant.id][1]}
    assert due == {"base", "sft-s0", "msm@cheese_american-s0"}
