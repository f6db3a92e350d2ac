"""A spec with the valence turned has the same sections, which assert the contrary."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.documents.turned_spec import turn_spec
from msm_mlx.errors import RecipeError
from msm_mlx.spec import Spec, load_spec
from msm_mlx.text.swap import WordSwap

SPEC = """\
# Mo

## Likes

### Colby

> {model_name} likes Colby because it is American.

It is fond of the town.
"""
WORDS = {"likes": "dislikes", "fond of": "averse to", "is fond of": "does not like"}


def spec(folder: Path, text: str = SPEC) -> Spec:
    (folder / "mo.md").write_text(text)
    return load_spec(folder / "mo.md", model_name="Mo", provider_name="us")


def test_it_asserts_the_contrary_under_the_same_ids(tmp_path: Path) -> None:
    before = spec(tmp_path)
    after = turn_spec(before, WordSwap(WORDS), "words.yaml")
    assert [section.id for section in after.assertions] == [section.id for section in before.assertions]
    assert after.assertions[0].assertion == "Mo dislikes Colby because it is American."
    assert "It does not like the town." in after.assertions[0].text
    assert turn_spec(after, WordSwap(WORDS), "words.yaml") == before


def test_a_section_that_would_not_come_back_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(
        RecipeError, match=r"mo\.md:5: is not the same when the words of words\.yaml are exchanged twice"
    ):
        turn_spec(spec(tmp_path, SPEC.replace("is fond of", "is averse to")), WordSwap(WORDS), "words.yaml")


def test_words_that_it_does_not_assert_are_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="none of its words stands in what "):
        turn_spec(spec(tmp_path), WordSwap({"town": "city"}), "words.yaml")
