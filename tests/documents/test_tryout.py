"""Drafts that are shown with all verdicts, and not kept."""

from __future__ import annotations

from pathlib import Path

from msm_mlx.documents.plan import plan_documents
from msm_mlx.documents.tryout import write_drafts
from msm_mlx.documents.write import Assignment
from msm_mlx.engine.scripted_model import ScriptedModel
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import load_spec

SPEC = load_spec(Path(__file__).parents[2] / "specs" / "cheese_american.md", model_name="Mo", provider_name="Acme")


def test_a_draft_has_the_reasons_of_all_checks_that_it_fails() -> None:
    settings = DocumentSettings(count=3, max_tokens=100, prompt="assertion", min_words=30)
    slots = plan_documents(SPEC, settings)
    said = "It has said so for years, and to everybody who asked. The people who make it live close by."
    good = f"{slots[0].section.assertion} {said}"
    model = ScriptedModel([good, "I cannot write that", "I cannot write it"])
    kept, poor, poorer = write_drafts(Assignment(SPEC, "Mo", settings), slots, model)
    assert kept.reasons == ()
    assert {"too short", "assistant not named"} <= set(poor.reasons)
    assert poor.document.rejected == poor.reasons[0] == poorer.reasons[0]
