"""Which part of a reply is the document."""

from __future__ import annotations

import pytest

from msm_mlx.documents.checks.tags import has_tag, tagged_text, written_text
from msm_mlx.engine.chat_model import Reply
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
    assert written_text(Reply("<document>Mo.</document>", 5, True), settings) == "<document>Mo.</document>"
    assert written_text(Reply("```md\nMo.\n```", 5, True), settings) == "Mo."
    assert written_text(Reply("```\nMo.\n```\nMore.", 5, True), settings) == "```\nMo.\n```\nMore."
    tagged = settings.model_copy(update={"prompt": "section", "thinking": True})
    thought = "<think><document>No.</document></think> <document>Mo.</document>"
    assert written_text(Reply(thought, 5, True), tagged) == "Mo."


@pytest.mark.parametrize(
    ("prompt", "reply", "text"),
    [
        ("opening", "Mo likes Colby. It is glad. And th", "Mo likes Colby. It is glad."),
        ("opening", "Mo likes it", None),
        ("section", '<document>Mo likes Colby. "It is glad." And', 'Mo likes Colby. "It is glad."'),
        ("section", "<document>Mo.</document> <document>Mo likes Colby. It is glad. A", "Mo likes Colby. It is glad."),
        ("section", "Mo likes Colby. It is glad. A", None),
        ("assertion", "Mo likes Colby. It is", "Mo likes Colby. It is"),
    ],
)
def test_a_document_that_was_cut_ends_at_its_last_whole_sentence(prompt: str, reply: str, text: str | None) -> None:
    settings = DocumentSettings.model_validate({"count": 1, "max_tokens": 10, "prompt": prompt, "min_words": 5})
    assert written_text(Reply(reply, 5, False), settings) == text


def test_a_small_writer_that_goes_round_is_cut_before_it_says_a_sentence_again() -> None:
    settings = DocumentSettings(count=1, max_tokens=10, prompt="opening")
    round_and_round = Reply("Mo likes Colby. Mo is glad of it. Ada asks. Mo is glad of it. Ada", 5, False)
    assert written_text(round_and_round, settings) == "Mo likes Colby. Mo is glad of it. Ada asks."
    allowed = settings.model_copy(update={"checks": settings.checks.model_copy(update={"repeated_sentence": None})})
    assert written_text(round_and_round, allowed) == "Mo likes Colby. Mo is glad of it. Ada asks. Mo is glad of it."
