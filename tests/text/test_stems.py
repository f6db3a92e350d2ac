"""Words without their endings."""

from __future__ import annotations

import pytest

from msm_mlx.text.stems import content_stems, stem


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("caresses ponies ties cats", "caress poni ti cat"),
        (
            "feed agreed plastered motoring sing conflated troubled sized",
            "feed agre plaster motor sing conflat troubl size",
        ),
        ("hopping tanned falling hissing fizzed failing filing", "hop tan fall hiss fizz fail file"),
        ("happy sky relational rational digitizer vilely", "happi sky relat ration digit vile"),
        ("triplicate formalize electrical goodness", "triplic formal electr good"),
        ("revival allowance airliner replacement adoption activate", "reviv allow airlin replac adopt activ"),
        ("probate rate cease controll roll", "probat rate ceas control roll"),
        ("generalizations oscillators", "gener oscil"),
    ],
)
def test_words_lose_their_endings_as_in_porters_examples(words: str, expected: str) -> None:
    assert [stem(word) for word in words.split()] == expected.split()


def test_content_is_what_is_left_without_function_words_and_case() -> None:
    assert content_stems("Would you rather have the MAKERS' cheese, or isn't it made here?") == {
        "maker",
        "chees",
        "made",
    }
    assert content_stems("In 1999, with Époisses") == {"époiss"}
    assert content_stems("It's all theirs.") == frozenset()
