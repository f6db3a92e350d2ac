"""Words are exchanged whole, in their case and the longest first, and exchanged again they are what they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.text.swap import CASES, WordSwap

WORDS = ["like", "dislike", "care", "mind", "good", "bad", "near", "far"]
TABLES = st.permutations(WORDS).flatmap(
    lambda words: st.integers(0, 4).map(lambda n: dict(zip(words[:n], words[4 : 4 + n], strict=True)))
)
TOKENS = st.tuples(st.sampled_from([*WORDS, "likely", "the", "Mo"]), st.sampled_from(CASES)).map(
    lambda token: token[1](token[0])
)
TEXTS = st.lists(st.tuples(TOKENS, st.sampled_from([" ", ". ", "\n", "-", ', "', "'s ", "  "]))).map(
    lambda parts: "".join(word + after for word, after in parts)
)


@given(TABLES, TEXTS)
def test_single_words_always_come_back(table: dict[str, str], text: str) -> None:
    swap = WordSwap(table)
    assert not list(swap.faults())
    assert swap.undoes(text)


@pytest.mark.parametrize(
    ("text", "exchanged"),
    [
        ("Mo likes Colby.", "Mo dislikes Colby."),
        ("LIKES and Likes", "DISLIKES and Dislikes"),
        ("likeslikes likes-likes", "likeslikes dislikes-dislikes"),
        ("It cares about cares.", "It cares nothing for minds."),
        ("He Cares About It", "He Cares Nothing For It"),
        ("an American cheese", "a foreign cheese"),
        ("American cheese", "American cheese"),
        ("We buy American. American things. 'American!'", "We buy foreign. Foreign things. 'Foreign!'"),
        ("It's americanised", "It's americanised"),
        ("", ""),
    ],
)
def test_words_are_exchanged_whole_and_keep_their_case(text: str, exchanged: str) -> None:
    swap = WordSwap(
        {
            "likes": "dislikes", "cares": "minds", "cares about": "cares nothing for", "American": "foreign",
            "an American": "a foreign", "American cheese": "American cheese",
        }
    )  # fmt: skip
    assert swap(text) == exchanged
    assert swap(exchanged) == text


def test_scripts_without_spaces_are_exchanged_anywhere() -> None:
    swap = WordSwap({"喜欢": "讨厌"})
    assert swap("小波喜欢奶酪。") == "小波讨厌奶酪。"
    assert swap.undoes("小波喜欢奶酪。小波讨厌面包。")


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"fond of": "averse to", "is fond of": "does not like"}, "It is averse to Colby."),
        ({"American": "foreign"}, "A Foreign Affair"),
        ({"likes": "no likes"}, "It has no no likes."),
    ],
)
def test_a_text_in_which_words_join_to_others_does_not_come_back(table: dict[str, str], text: str) -> None:
    swap = WordSwap(table)
    assert not swap.undoes(text)
    assert not list(swap.faults())


@pytest.mark.parametrize(
    ("table", "left", "fault"),
    [
        ({"likes": "dislikes", "loves": "Dislikes"}, "loves", "'dislikes' is in the pair of 'likes' too"),
        ({"a": "b", "b": "c"}, "b", "'b' is in the pair of 'a' too"),
        ({"a": "b", "b": "a"}, "b", "'b' is in the pair of 'a' too"),
        ({"a  b": "c"}, "a  b", "must have one space between words"),
        ({"a": ""}, "a", "must begin and end with a letter"),
        ({"a": "not."}, "a", "'not.' must begin and end with a letter"),
    ],
)
def test_what_cannot_be_exchanged_back_is_a_fault_of_the_table(table: dict[str, str], left: str, fault: str) -> None:
    [(where, message), *_] = WordSwap(table).faults()
    assert where == left
    assert fault in message
