"""The words of a paragraph without what marks them up."""

from __future__ import annotations

import pytest

from msm_mlx.spec.markdown import read_markdown


def words_of(source: str) -> str:
    return read_markdown(source).blocks[0].elements[0].text


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("**bold** *thin* `code` __under__", "bold thin code under"),
        ("[text](http://a.b 'title') and [other][1]\n\n[1]: http://c.d", "text and other"),
        ("a<br>b <b>c</b> <!-- no --> d &amp; e", "a b c d & e"),
        ("what <user> says", "what <user> says"),
        ("<https://a.b> stays", "https://a.b stays"),
        ("![a cat](cat.png) sits", "a cat sits"),
        ("~~gone~~ stays", "stays"),
        ("so[^1] it[^2] is\n\n[^1]: Note.", "so it is"),
        ("\\*as it is\\*", "*as it is*"),
        ("see [[Page|this]] and [[That]], ==now==, a == b == c", "see this and That, now, a == b == c"),
        ("**诚实\uff1a**不说谎", "诚实\uff1a不说谎"),
    ],
)
def test_an_element_has_the_words_without_their_marks(markup: str, words: str) -> None:
    assert words_of(markup) == words


def test_a_link_that_names_only_an_id_has_the_title_of_its_section() -> None:
    source = "See [?](#rest) and [that](#rest) and [?](#none).\n\n## Resting *well* {#rest}\n"
    assert words_of(source) == "See Resting well and that and ?."


def test_what_is_left_out_is_told_with_its_line() -> None:
    source = "a\n[b](http://c)\n<b>d</b> ![e](f)\n~~g~~ h[^2]"
    assert [(omission.line, omission.what) for omission in read_markdown(source).omissions] == [
        (2, "address of a link"),
        (3, "HTML tags"),
        (3, "image"),
        (4, "mark of a footnote that stands nowhere"),
        (4, "text that is struck out"),
    ]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("> see [it](http://a.b)[^1] **now** `c`\n> and <br> then", "> see it **now** `c`\n> and   then"),
        ("| a | b |\n|---|---|\n| [c](d) | *e* |", "| a | b |\n|---|---|\n| c | *e* |"),
        ("as it is: *a*\\\n_b_ &lt;", "as it is: *a*\n_b_ <"),
        ("[c]: http://d\n\nsee [c]", "see c"),
    ],
)
def test_the_text_of_a_section_stays_markdown_without_addresses_and_tags(source: str, text: str) -> None:
    assert read_markdown(source).blocks[0].text == text
