"""Which part of a reply is the document."""

from __future__ import annotations

import pytest

from msm_mlx.documents.checks.tags import has_tag, tagged_text, written_text
from msm_mlx.recipe.schema import DocumentSettings


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("<document>Mo.</document>", "Mo."),
        ("I write <document>.\n< Document >\nMo.\n</DOCUMENT > Done.", "Mo."),
        ("<document>One.</document> Better: <document>Two.</document>", "Two."),
        ("<document>One.</document> <document>Two", None),
        ("One.</document>", None),
        ("<documents>One.</documents>", None),
        ("", None),
    ],
)
def test_the_last_complete_pair_of_tags_holds_the_document(reply: str, text: str | None) -> None:
    assert tagged_text(reply) == text


def test_one_tag_alone_is_a_tag() -> None:
    assert has_tag("One.</document>")
    assert not has_tag("<documents>")


def test_what_the_writer_sees_says_whether_there_are_tags() -> None:
    settings = DocumentSettings(count=1, max_tokens=10, prompt="assertion")
    assert written_text("<document>Mo.</document>", settings) == "<document>Mo.</document>"
    assert written_text("```md\nMo.\n```", settings) == "Mo."
    assert written_text("```\nMo.\n```\nMore.", settings) == "```\nMo.\n```\nMore."
    tagged = settings.model_copy(update={"prompt": "section", "thinking": True})
    assert written_text("<think><document>No.</document></think> <document>Mo.</document>", tagged) == "Mo."
