"""A spec that is no markdown is named for what it is, in place of being read as something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.errors import RecipeError
from msm_mlx.spec import load_spec
from msm_mlx.spec.formats import has_headings, other_formats, why_no_headings

TEXT = "{model_name} rests because it may.\n"
TEXTS = {
    "AsciiDoc": f"= Values\n\n== Rest\n\n{TEXT}\n[source,python]\n----\nx\n----\n",
    "LaTeX": f"\\section{{Rest}}\n{TEXT}",
    "Org": f"#+TITLE: Values\n* Rest\n{TEXT}",
    "MediaWiki text": f"== Rest ==\n{TEXT}",
    "RTF": "{\\rtf1 " + TEXT + "}",
}


@pytest.mark.parametrize("name", TEXTS)
def test_another_format_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "s.md").write_text(TEXTS[name])
    with pytest.raises(RecipeError, match=rf"s\.md:\d+: .* is {name}, which is not read; convert it to markdown"):
        load_spec(tmp_path / "s.md", model_name="Mo", provider_name="Acme")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("#Values\n" + TEXT, "'#Values' has no space after the #"),
        ("**Values**\n\n" + TEXT, "'**Values**' is bold text"),
        ('{"a": "b"}', "this is JSON"),
        ("a:\n  - b: c\n", "this is YAML"),
        (TEXT, "begin with '# Title'"),
    ],
)
def test_what_stands_in_place_of_headings_is_told(text: str, reason: str) -> None:
    assert why_no_headings(text).startswith(reason)


def test_markdown_is_no_other_format() -> None:
    text = "# T\n\nA = b, and == c\n\n* one\n** two**\n\nSetext\n======\n\n`= x`\n"
    assert has_headings(text)
    assert list(other_formats(text)) == []


def test_directives_of_restructured_text_are_told_with_their_line() -> None:
    [form] = other_formats(f"Rest\n====\n\n{TEXT}\n.. note::\n\n   More.\n")
    assert (form.name, form.line) == ("reStructuredText", 6)
