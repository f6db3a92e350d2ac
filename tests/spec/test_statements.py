"""The sentences of one paragraph or item that make assertions."""

from __future__ import annotations

import pytest

from msm_mlx.spec.conduct import Voice
from msm_mlx.spec.markdown import blocks
from msm_mlx.spec.statements import SentenceReader, sentences_of


def read(source: str, *, is_head: bool = False) -> tuple[list[str], list[str]]:
    """What a paragraph or item asserts, and the sentences of it that are no part of that."""
    [part] = blocks(source)[-1].elements
    reader = SentenceReader(part, Voice(), case="", question=None, is_head=is_head, is_rule=False)
    left = [sentence for first, _, sentence in sentences_of(part) if not reader.take(first, sentence)]
    reader.end()
    return [statement.text for statement in reader.own if statement.is_whole], left


@pytest.mark.parametrize(
    ("source", "expected", "left"),
    [
        ("{model_name} waits. It never runs.", ["{model_name} waits. It never runs."], []),
        ("{model_name} waits. Reason: haste harms.", ["{model_name} waits because haste harms."], []),
        ("{model_name} waits. Ann runs.", ["{model_name} waits."], ["Ann runs."]),
        ("- Never lie. Ask first.", ["Never lie. Ask first."], []),
        ("Never lie. Ask first.", ["Never lie.", "Ask first."], []),
        ("Never lie. Ask first.\nWhy: it helps.", ["Never lie.", "Ask first."], ["Why: it helps."]),
        ("{model_name} waits.\n**Because.** Haste harms.", ["{model_name} waits because haste harms."], []),
        ("{model_name} may say it. Once.", ["{model_name} may say it. Once."], []),
        ("Never lie. Not even to Ann.", ["Never lie. Not even to Ann."], []),
        ('{model_name} asks "Why?" Ann runs.', ['{model_name} asks "Why?"'], ["Ann runs."]),
        ("Ann rests. If it rains, {model_name} waits.", ["If it rains, {model_name} waits."], ["Ann rests."]),
        ("Ann rests all Monday long. No shouting.", [], ["Ann rests all Monday long.", "No shouting."]),
        ("Tone. No shouting. No threats.", ["No shouting.", "No threats."], ["Tone."]),
        ("- First: say no. Ann rests. Third: Say more.", ["First: say no.", "Third: Say more."], ["Ann rests."]),
        ("- Fines: Gone in 2020. {model_name} says it.", ["Fines: {model_name} says it."], ["Fines: Gone in 2020."]),
    ],
)
def test_sentences(source: str, expected: list[str], left: list[str]) -> None:
    assert read(source) == (expected, left)


def test_at_the_head_of_a_text_only_a_clear_rule_counts() -> None:
    assert read("{model_name} answers in two rooms.", is_head=True)[0] == []
    assert read("{model_name} must wait.", is_head=True)[0] == ["{model_name} must wait."]


def test_a_sentence_has_its_first_and_last_line() -> None:
    [part] = blocks("One\ntwo. Three\nfour.\nWhy: five")[0].elements
    assert sentences_of(part) == [(1, 2, "One two."), (2, 3, "Three four."), (4, 4, "Why: five")]
