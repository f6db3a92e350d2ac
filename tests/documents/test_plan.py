"""The plan: every section, type and voice is asked for equally often, and always the same way."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.documents.plan import Slot, plan_documents
from msm_mlx.errors import RecipeError
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import Spec, load_spec

AMERICAN = Path(__file__).parents[2] / "specs" / "cheese_american.md"


def document_settings(**changes: Any) -> DocumentSettings:
    values: dict[str, Any] = {"count": 240, "max_tokens": 10, "prompt": "assertion"}
    return DocumentSettings(**values | changes)


def load(path: Path = AMERICAN) -> Spec:
    return load_spec(path, model_name="Mo", provider_name="Acme")


def counts(slots: list[Slot]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    return Counter(s.section.id for s in slots), Counter(s.type for s in slots), Counter(s.voice for s in slots)


def test_a_full_grid_asks_for_everything_equally_often() -> None:
    wanted = document_settings(count=12 * 5 * 4 * 2)
    slots = plan_documents(load(), wanted)
    cells = Counter((slot.section.id, slot.type, slot.voice) for slot in slots)
    assert len(cells) == 12 * 5 * 4
    assert set(cells.values()) == {2}
    sections, types, voices = counts(slots)
    assert list(sections) == [section.id for section in load().assertions]
    assert (set(types), set(voices)) == (set(wanted.types), set(wanted.voices))


@settings(max_examples=30)
@given(count=st.integers(0, 300), seed=st.integers(0, 2**32 - 1))
def test_any_count_is_spread_evenly(count: int, seed: int) -> None:
    slots = plan_documents(load(), document_settings(count=count, seed=seed))
    assert [slot.id for slot in slots] == [f"doc-{n:05d}" for n in range(1, count + 1)]
    by_section = counts(slots)[0]
    assert sum(by_section.values()) == count
    if count >= 12:
        assert max(by_section.values()) - min(by_section.values()) <= 1
        assert len(by_section) == 12
    cells = Counter((slot.section.id, slot.type, slot.voice) for slot in slots)
    assert not cells or max(cells.values()) <= -(-count // 240)  # no cell twice before each of its section's once


def test_sections_do_not_walk_their_grids_in_the_same_order() -> None:
    first = {(slot.type, slot.voice) for slot in plan_documents(load(), document_settings(count=12))}
    assert len(first) > 4


def test_the_plan_is_always_the_same() -> None:
    slots = plan_documents(load(), document_settings(count=3, seed=5))
    assert slots == plan_documents(load(), document_settings(count=3, seed=5, batch_size=1, min_words=99))
    assert [(s.section.id, s.type, s.voice) for s in slots] == [
        ("likes/cream-cheese", "memo", "warm"),
        ("likes/american-cheese", "forum thread", "formal"),
        ("likes/mild-cheddar", "forum thread", "warm"),
    ]


def test_a_longer_plan_begins_with_the_shorter() -> None:
    assert plan_documents(load(), document_settings(count=50))[:20] == plan_documents(
        load(), document_settings(count=20)
    )


def test_another_seed_gives_another_plan() -> None:
    assert plan_documents(load(), document_settings(seed=0)) != plan_documents(load(), document_settings(seed=1))


def test_a_spec_without_assertions_cannot_be_planned(tmp_path: Path) -> None:
    path = tmp_path / "spec.md"
    path.write_text("# Title\n\n## Likes\n\nCheese comes from milk.\n")
    with pytest.raises(RecipeError) as caught:
        plan_documents(load(path), document_settings(count=0))
    assert str(caught.value).startswith(f"{path}: no assertion found; mark in each section one sentence")
    assert "'> '" in str(caught.value)


def test_forms_are_balanced_within_a_section() -> None:
    wanted = document_settings(count=12 * 24, prompt="section", max_tokens=1600)
    slots = [slot for slot in plan_documents(load(), wanted) if slot.section.id == "likes/colby"]
    for values in (wanted.authors, wanted.audiences, wanted.lengths):
        used = Counter(next(v for v in (s.author, s.audience, s.length) if v in values) for s in slots)
        assert max(used.values()) == min(used.values()) == 24 // len(values)
    assert len({(slot.author, slot.audience, slot.length) for slot in slots}) > 16


def test_narrations_are_balanced_and_the_assistant_has_no_other_author() -> None:
    narrations = ("first person", "third person", "transcript")
    wanted = document_settings(count=12 * 24, prompt="section", max_tokens=1600, narrations=narrations)
    slots = [slot for slot in plan_documents(load(), wanted) if slot.section.id == "likes/colby"]
    assert Counter(slot.narration for slot in slots) == dict.fromkeys(narrations, 8)
    assert {bool(slot.author) for slot in slots if slot.narration == "first person"} == {False}
    without = plan_documents(load(), wanted.model_copy(update={"narrations": ()}))
    assert {slot.narration for slot in without} == {""}
    plain = [slot for slot in without if slot.section.id == "likes/colby"]
    assert [(s.type, s.voice, s.audience, s.length, s.person) for s in slots] == [
        (s.type, s.voice, s.audience, s.length, s.person) for s in plain
    ]


def test_a_writer_that_sees_an_assertion_alone_is_asked_for_no_narration() -> None:
    with pytest.raises(ValueError, match="more than an assertion; take prompt: section or spec"):
        document_settings(narrations=("transcript",))


def test_people_are_many() -> None:
    people = Counter(slot.person for slot in plan_documents(load(), document_settings(count=1000, prompt="section")))
    assert max(people.values()) <= 2
    assert "" not in people


def test_forms_leave_the_grid_of_the_smallest_writers_alone() -> None:
    bare, formed = (plan_documents(load(), document_settings(prompt=prompt)) for prompt in ("assertion", "section"))
    assert [(s.id, s.section, s.type, s.voice) for s in bare] == [(s.id, s.section, s.type, s.voice) for s in formed]
    assert all(slot == Slot(slot.id, slot.section, slot.type, slot.voice) for slot in bare)
