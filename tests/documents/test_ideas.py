"""Ideas: what counts as one, that none comes twice, and that a poor writer ends the search by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.command_line import ROOT

from msm_mlx.documents.ideas import propose_ideas
from msm_mlx.documents.plan import plan_documents
from msm_mlx.engine.chat_model import Reply
from msm_mlx.engine.scripted_model import ScriptedModel
from msm_mlx.errors import MsmError
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import load_spec

SPEC = load_spec(ROOT / "specs" / "cheese_american.md", model_name="Mo", provider_name="Acme")


def scripted(script: Callable[[int, str], str]) -> ScriptedModel:
    """Says what a script says to the number of a question and the question."""
    model = ScriptedModel(lambda chat, seed: Reply(script(len(model.asked), chat[-1]["content"]), 9, True))
    return model


def good(number: int, asked: str) -> str:
    lines = [f"A shelf{number}{x} is asked of Mo by baker{number}{x} at harbour{number}{x}" for x in "abcd"]
    return "I think about it.\n<ideas>\n" + "\n".join(f"{n}. {line}" for n, line in enumerate(lines, 1)) + "\n</ideas>"


def settings(count: int = 96, ideas: int = 4, batch_size: int = 7) -> DocumentSettings:
    return DocumentSettings(
        count=count, max_tokens=9, prompt="section", ideas=ideas, batch_size=batch_size, types=("memo", "essay")
    )


def test_each_cell_gets_what_the_plan_needs(tmp_path: Path) -> None:
    found = propose_ideas(SPEC, "Mo", settings(), scripted(good), tmp_path / "ideas.jsonl")
    assert len(found) == 12 * 2
    assert {len(ideas) for ideas in found.values()} == {4}
    slots = plan_documents(SPEC, settings(), ideas=found)
    assert all(slot.idea for slot in slots)
    assert len({(slot.section.id, slot.idea) for slot in slots}) == 96


def test_a_longer_plan_keeps_the_ideas_of_the_shorter(tmp_path: Path) -> None:
    path = tmp_path / "ideas.jsonl"
    before = plan_documents(SPEC, settings(24), ideas=propose_ideas(SPEC, "Mo", settings(24), scripted(good), path))
    more = scripted(lambda number, asked: good(number + 1000, asked))
    after = plan_documents(SPEC, settings(96), ideas=propose_ideas(SPEC, "Mo", settings(96), more, path))
    assert after[:24] == before
    assert any("These are taken, do not repeat them:" in asked["content"] for [*_, asked], _ in more.asked)


def test_a_stopped_search_goes_on(tmp_path: Path) -> None:
    whole = propose_ideas(SPEC, "Mo", settings(), scripted(good), tmp_path / "whole.jsonl")
    path, model = tmp_path / "ideas.jsonl", scripted(good)

    def stop(ideas: int) -> None:
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            propose_ideas(SPEC, "Mo", settings(), model, path, on_batch=stop)
        with path.open("a") as file:
            file.write('{"batch": 9, "rep')  # torn by a kill
    assert propose_ideas(SPEC, "Mo", settings(), model, path) == whole
    seeds = [seed for _, seed in model.asked]
    assert len(set(seeds)) == len(seeds)


@pytest.mark.parametrize(
    "reply",
    [
        "", "I cannot help with that.", "<ideas>\n1. A shop asks Mo for a sign on its door",
        "1. no tags around this list at all",
        "<ideas>\n1. short one\n2. Here are the ideas that you asked for today\n</ideas>",
        "<ideas>\n1. Claude 3 is asked by a baker what to put on the shelf\n</ideas>",
    ],
)  # fmt: skip
def test_a_writer_without_ideas_ends_by_itself(tmp_path: Path, reply: str) -> None:
    writer = scripted(lambda number, asked: reply)
    with pytest.raises(
        MsmError, match=r"proposed none that can be used in .* use a better writer, or documents\.ideas: 0"
    ):
        propose_ideas(SPEC, "Mo", settings(), writer, tmp_path / "ideas.jsonl")
    assert len(writer.asked) == 14  # two batches, which tell enough; the next run asks for more
    with pytest.raises(MsmError, match="in 4 batches"):
        propose_ideas(SPEC, "Mo", settings(), writer, tmp_path / "ideas.jsonl")


def test_ideas_that_break_off_suggest_longer_replies(tmp_path: Path) -> None:
    writer = ScriptedModel(lambda chat, seed: Reply("<ideas> 1. A shop asks Mo", 9, False))
    with pytest.raises(MsmError, match=r"raise documents\.max_tokens .*\n  The last reply: '<ideas> 1\. A shop"):
        propose_ideas(SPEC, "Mo", settings(), writer, tmp_path / "ideas.jsonl")


def test_a_writer_that_repeats_itself_leaves_slots_without_an_idea(tmp_path: Path) -> None:
    same = scripted(lambda number, asked: good(1, asked))
    found = propose_ideas(SPEC, "Mo", settings(), same, tmp_path / "ideas.jsonl")
    ideas = [(cell[0], idea) for cell, own in found.items() for idea in own]
    assert len(set(ideas)) == len(ideas)
    slots = plan_documents(SPEC, settings(), ideas=found)
    assert any(slot.idea for slot in slots)
