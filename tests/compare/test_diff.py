"""Word diffs: nothing is lost, and what is marked is what differs."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.compare.diff import Span, word_diff


def marked(a: str, b: str) -> tuple[str, str]:
    """Both texts with brackets around what differs."""
    left, right = word_diff(a, b)
    one, two = ("".join(f"<{s.text}>" if s.changed else s.text for s in spans) for spans in (left, right))
    return one, two


def test_words_that_differ_are_marked() -> None:
    assert marked("I prefer the Hopper canvas.", "I prefer the Hokusai print.") == (
        "I prefer the <Hopper canvas>.", "I prefer the <Hokusai print>."
    )  # fmt: skip


def test_words_that_one_text_has_more() -> None:
    assert marked("a b c", "a b") == ("a b< c>", "a b")
    assert marked("b c", "a b c") == ("b c", "<a >b c")
    assert marked("one two four five", "one two three four five")[1] == "one two <three >four five"


def test_a_change_in_the_middle_leaves_both_ends() -> None:
    assert marked("yes, the red car is fast!", "yes, the old red boat is fast!") == (
        "yes, the red <car> is fast!", "yes, the <old >red <boat> is fast!"
    )  # fmt: skip


def test_texts_without_a_common_word() -> None:
    assert word_diff("", "") == ((), ())
    assert word_diff("x", "") == ((Span("x", True),), ())
    assert marked("red fish", "blue-bird") == ("<red fish>", "<blue-bird>")


def test_letters_and_punctuation_are_told_apart() -> None:
    assert marked("Really?", "Really!") == ("Really<?>", "Really<!>")


words = st.lists(st.sampled_from(["a", "b", " ", "\n", "!", "日本", "\u202e", "[bold]", "\x1b[31m"]), max_size=30)


@given(a=words | st.lists(st.text()), b=words | st.lists(st.text()))
def test_spans_joined_are_the_texts_and_equal_spans_are_equal(a: list[str], b: list[str]) -> None:
    one, two = "".join(a), "".join(b)
    left, right = word_diff(one, two)

    assert "".join(span.text for span in left) == one
    assert "".join(span.text for span in right) == two
    for spans in (left, right):
        assert all(before.changed != after.changed for before, after in pairwise(spans))
    if one == two:
        assert not any(span.changed for span in (*left, *right))
    if not any(span.changed for span in (*left, *right)):
        assert one == two


def test_very_long_texts_keep_their_common_ends() -> None:
    """Ten thousand words that have little in common are not compared one by one."""
    a = "same start " + "x y " * 5000 + "same end"
    b = "same start " + "y z " * 5000 + "same end"
    left, right = word_diff(a, b)

    assert "".join(span.text for span in left) == a
    assert (left[0].text, left[-1].text) == ("same start ", "same end") or left[0].text.startswith("same start")
    assert not right[0].changed
    assert not right[-1].changed
