"""What a plan will cost: tokens from lengths or from what is written, and time from a probe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.command_line import ROOT

from msm_mlx.documents.document import Document
from msm_mlx.documents.plan import plan_documents
from msm_mlx.documents.time_estimate import USED_SHARE, Outline, Pace, measure_pace, outline_plan
from msm_mlx.engine.scripted_model import ScriptedModel
from msm_mlx.files import write_jsonl
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import load_spec

SPEC = load_spec(ROOT / "specs" / "cheese_american.md", model_name="Mo", provider_name="Acme")
SETTINGS = DocumentSettings(count=24, max_tokens=400, prompt="assertion", batch_size=8)


def test_tokens_are_expected_from_the_lengths_that_are_asked_for(tmp_path: Path) -> None:
    slots = plan_documents(SPEC, SETTINGS)
    slots[0] = replace(slots[0], length="100 to 200 words", idea="A tent.")
    slots[1] = replace(slots[1], length="1,000 to 2,000 words")  # more than there is room for
    outline = outline_plan(slots, SETTINGS, tmp_path / "documents.jsonl")
    assert outline.tokens == pytest.approx(150 * 1.4 + 400 + 22 * USED_SHARE * 400, abs=30)
    assert (outline.documents, outline.written, outline.left, outline.ideas) == (24, 0, 24, 1)
    assert len(outline.by_section) == 12
    assert all(sum(types.values()) == 2 for types in outline.by_section.values())


def test_tokens_are_measured_on_what_is_written(tmp_path: Path) -> None:
    slots = plan_documents(SPEC, SETTINGS)
    written = [
        Document(slot.id, "Mo.", slot.section.id, None, slot.type, tokens=tokens)
        for slot, tokens in zip(slots[:2], (10, 30), strict=True)
    ]
    write_jsonl(tmp_path / "documents.jsonl", [document.to_row() for document in written])
    outline = outline_plan(slots, SETTINGS, tmp_path / "documents.jsonl")
    assert (outline.written, outline.left, outline.tokens) == (2, 22, 22 * 20)
    assert outline.tokens_from == "measured on the 2 documents that are written"


def test_pace_is_the_time_of_reading_and_of_a_token() -> None:
    """Each call of the clock is a second later than the one before, but for those while 33 tokens are written."""
    times = iter((0.0, 9.0, 9.0, 11.0, 11.0, 21.0))
    model = ScriptedModel(lambda chat, seed: "word " * 400)
    pace = measure_pace(model, plan_documents(SPEC, SETTINGS), SPEC, SETTINGS, clock=lambda: next(times))
    assert (pace.batch, pace.reading) == (8, 2)
    assert pace.tokens_per_second == pytest.approx(8 * 32 / 8)
    assert len(model.asked) == 24


def test_batches_that_are_left_are_read_one_after_another() -> None:
    outline = Outline(documents=20, written=3, by_section={}, ideas=0, tokens=1000, tokens_from="")
    assert Pace(batch=8, reading=2, tokens_per_second=100).seconds(outline) == 3 * 2 + 10
