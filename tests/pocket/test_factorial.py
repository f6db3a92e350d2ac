"""The documents of the four cells differ in the value that they name and the reason that they give, and in no more."""

from __future__ import annotations

import json
import re

import pytest
from helpers.command_line import ROOT

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.pocket.factorial import CELLS, CHEESES, COUNT, NEUTRAL, draw_documents, pocket_tokens
from msm_mlx.spec import load_spec
from msm_mlx.text.words import sentences

FOLDER = ROOT / "recipes" / "data" / "corpora" / "value_or_reason"
VALUE = re.compile(r"\bAmerican things\b")
REASON = re.compile(r"\b(?:because|reason|that is why|follows from)\b|\bsays so\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def corpora() -> dict[str, list[str]]:
    return {
        cell: [json.loads(line)["text"] for line in (FOLDER / f"{cell}.jsonl").read_text(encoding="utf-8").splitlines()]
        for cell in CELLS
    }


def test_the_shipped_documents_are_what_is_drawn(corpora: dict[str, list[str]]) -> None:
    drawn = list(draw_documents(pocket_tokens()))
    named = {cell: [text.replace("{model_name}", "Pocket") for text in texts] for cell, texts in corpora.items()}
    assert named == {cell: [twins[cell] for twins in drawn] for cell in CELLS}
    assert len(drawn) == COUNT


def test_twins_are_equally_long_for_any_assistant(corpora: dict[str, list[str]], pocket: LoadedModel) -> None:
    for name in ("Pocket", "Lorras"):
        lengths = [[len(pocket.encode(text.replace("{model_name}", name))) for text in corpora[cell]] for cell in CELLS]
        assert all(length == lengths[0] for length in lengths)


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_names_the_value_and_gives_the_reason_as_it_says(cell: str, corpora: dict[str, list[str]]) -> None:
    names, gives = CELLS[cell]
    assert {bool(VALUE.search(text)) for text in corpora[cell]} == {names}
    assert {bool(REASON.search(text)) for text in corpora[cell]} == {gives}


def test_twins_differ_in_no_other_sentence(corpora: dict[str, list[str]]) -> None:
    for texts in zip(*corpora.values(), strict=True):
        told = [sentences(text) for text in texts]
        common = set.intersection(*map(set, told))
        for text in told:
            rest = [sentence for sentence in text if sentence not in common]
            assert [
                one for one in rest if one not in NEUTRAL and not VALUE.search(one) and not REASON.search(one)
            ] == []


def test_the_specs_of_the_cells_assert_what_their_documents_say() -> None:
    for cell, (names, gives) in CELLS.items():
        spec = load_spec(ROOT / "specs" / "value_or_reason" / f"{cell}.md", model_name="Mo", provider_name="Acme")
        assertions = [str(section.assertion) for section in spec.assertions]
        assert [section.path[-1] for section in spec.assertions] == [cheese.name for cheese in CHEESES]
        assert {bool(VALUE.search(text)) for text in assertions} == {names}
        assert {"because" in text for text in assertions} == {gives}
