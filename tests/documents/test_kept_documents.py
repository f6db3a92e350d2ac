"""A longer or edited plan keeps the documents that it still asks for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from helpers.command_line import ROOT

from msm_mlx.documents.kept_documents import earlier_documents
from msm_mlx.documents.plan import Slot, plan_documents
from msm_mlx.documents.writer_prompts import writer_messages
from msm_mlx.files import write_jsonl
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import EARLIER
from msm_mlx.spec import load_spec

SPEC = load_spec(ROOT / "specs" / "cheese_american.md", model_name="Mo", provider_name="Acme")
SETTINGS = DocumentSettings(count=6, max_tokens=9, prompt="section")


def record(slot: Slot) -> dict[str, Any]:
    prompt = writer_messages(slot, SPEC, SETTINGS)[-1]["content"]
    row = {"id": slot.id, "section": slot.section.id, "assertion": slot.section.assertion, "type": slot.type}
    return row | {"voice": slot.voice, "prompt": prompt, "text": "x"}


def test_a_document_stays_as_long_as_it_is_asked_for(tmp_path: Path) -> None:
    assert earlier_documents(tmp_path, plan_documents(SPEC, SETTINGS)) == {}
    slots = plan_documents(SPEC, SETTINGS)
    write_jsonl(tmp_path / EARLIER, map(record, slots))
    assert list(earlier_documents(tmp_path, slots[1:])) == [slot.id for slot in slots[1:]]
    changes: tuple[dict[str, Any], ...] = (
        {"type": "poem"},
        {"voice": "sad"},
        {"author": "a nurse"},
        {"idea": "A tent."},
        {"length": "9 words"},
        {"narration": "transcript"},
    )
    for change in changes:
        assert slots[0].id not in earlier_documents(tmp_path, [replace(slots[0], **change)])
    other = replace(slots[0], section=replace(slots[0].section, assertion="Mo waits."))
    assert earlier_documents(tmp_path, [other]) == {}
