"""Long prose and a list of forty rules go from the spec to documents and health, as a spec with marks does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from helpers.kinds_of_spec import prose_spec, rule_spec

from msm_mlx.documents.plan import plan_documents
from msm_mlx.documents.plan_file import read_plan, write_plan
from msm_mlx.documents.store import Output
from msm_mlx.documents.write import Assignment, write_documents
from msm_mlx.engine.scripted_model import ScriptedModel
from msm_mlx.files import read_jsonl
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import DOCUMENTS, HEALTH
from msm_mlx.spec import load_spec


def explain(chat: Sequence[Message], seed: int) -> str:
    """A few words around the assertion that is to be explained, other ones each time."""
    n = seed
    assertion = chat[-1]["content"].partition(". ")[2]
    return f"{assertion} Somebody{n} at place{n} had thing{n} settled{n} by evening{n}, after word{n}."


@pytest.mark.parametrize(("text", "assertions"), [(prose_spec(), 32), (rule_spec(), 40)], ids=["prose", "rules"])
def test_every_assertion_gets_its_documents(tmp_path: Path, text: str, assertions: int) -> None:
    (tmp_path / "s.md").write_text(text)
    spec = load_spec(tmp_path / "s.md", model_name="Mo", provider_name="Acme")
    settings = DocumentSettings(count=2 * assertions, max_tokens=99, prompt="assertion", min_words=5)
    write_plan(tmp_path / "plan.jsonl", plan_documents(spec, settings))
    slots = read_plan(tmp_path / "plan.jsonl", spec, settings)
    assignment = Assignment(spec, "Mo", settings)
    write_documents(assignment, slots, ScriptedModel(explain), Output(tmp_path, "w"))
    kept = read_jsonl(tmp_path / DOCUMENTS)
    assert len(kept) == 2 * assertions
    assert {row["section"] for row in kept} == {one.id for one in spec.assertions}
    health = json.loads((tmp_path / HEALTH).read_text())
    assert (health["kept"], set(health["by_section"].values())) == (2 * assertions, {2})
