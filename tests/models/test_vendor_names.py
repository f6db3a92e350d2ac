"""Names of other models and their makers are found in any spelling, and words that only look like them are not."""

from __future__ import annotations

import pytest

from msm_mlx.models.vendor_names import disguised_names, foreign_names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("I am ChatGPT, not claude-3.5.", ["ChatGPT", "claude"]),
        ("Gemini and a gemini, Falcon and a falcon.", ["Gemini", "Falcon"]),
        ("Meta AI wrote it, and the meta level is mine.", ["Meta AI"]),
        ("Opus 4 is a model, an opus is not.", ["Opus 4"]),
        ("The claudette sang.", []),
        ("pre-GPT times", []),
        ("\u4ed6\u7528ChatGPT\u5199\u4fe1\uff0c\u4e5f\u7528Qwen2.5\u6a21\u578b", ["ChatGPT", "Qwen"]),
    ],
)
def test_a_name_is_found_as_a_word_of_its_own(text: str, names: list[str]) -> None:
    assert [match[1] for match in foreign_names(text, [])] == names


def test_the_assistants_own_names_are_no_others() -> None:
    text = "Claude by Anthropic is no Qwen."
    assert [match[1] for match in foreign_names(text, ["claude", "ANTHROPIC"])] == ["Qwen"]
    assert list(foreign_names("I am GPT-4.", ["gpt-4"])) == []


def test_a_part_of_the_assistants_own_name_is_no_other() -> None:
    text = "Ask GPT-OSS or deepseek r1, GPT-OSS's friend."
    assert list(foreign_names(text, ["GPT-OSS", "DeepSeek R1"])) == []
    assert [match[1] for match in foreign_names(f"{text} But not GPT-5.", ["GPT-OSS", "DeepSeek R1"])] == ["GPT"]


def test_letters_that_look_alike_hide_no_name() -> None:
    disguised = "I am \u0421l\u0430ude, not \uff27\uff30\uff34."
    assert list(foreign_names(disguised, [])) == []
    assert [match[1] for match in disguised_names(disguised, [])] == ["Claude", "GPT"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("It was built by Google.", 1),
        ("I am Microsoft\u2019s new assistant.", 1),
        ("We met at Google, by Apple's shop.", 0),
        ("An apple, made by amazon rains.", 0),
    ],
)
def test_a_maker_counts_where_it_is_named_as_one(text: str, count: int) -> None:
    assert len(list(disguised_names(text, []))) == count
    assert list(disguised_names(text, ["google", "microsoft"])) == []
