"""Headings, the text under them, and the lines that they stand on."""

from __future__ import annotations

import pytest
from helpers.markdown_source import SOURCE
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.spec.markdown import blocks, read_markdown


def test_a_block_is_a_heading_with_the_lines_under_it() -> None:
    headed = blocks(SOURCE)
    assert [(block.line, block.heading and (block.heading.level, block.heading.text)) for block in headed] == [
        (1, None),
        (2, (1, "Title")),
        (16, (2, "Next")),
    ]
    assert headed[0].text == "Before."


def test_a_fence_is_open_until_marks_as_long_close_it() -> None:
    markdown = read_markdown("a\n````\nb\n```\n````\nc")
    assert (sorted(markdown.code), markdown.open_fence) == ([2, 3, 4, 5], None)
    assert read_markdown(SOURCE).open_fence is None
    assert read_markdown("a\n~~~\nb\n\n").open_fence == 2
    assert read_markdown("- a\n  ```\n  b\n  ```").open_fence is None


@pytest.mark.parametrize(
    ("heading", "text", "id"),
    [
        ("# Title {#own authority=root}", "Title", "own"),
        ("# Title {.unnumbered}", "Title", None),
        ('# Title {: #own title="a b"}', "Title", "own"),
        ("# What {model_name} does", "What {model_name} does", None),
        ("# What it is to {model_name}", "What it is to {model_name}", None),
        ("# *What* [it](http://x) does ##", "What it does", None),
        ("Two\nlines\n===", "Two lines", None),
    ],
)
def test_the_attributes_of_a_heading_are_no_words(heading: str, text: str, id: str | None) -> None:
    found = blocks(heading)[1].heading
    assert found is not None
    assert (found.text, found.id) == (text, id)


BLOCKS = (
    "# A", "## B", "C\n===", "> q", "> q\nlazy", "- i", "- i\n  - j", "1. n", "***", "    code", "```\nf\n```", "~~~",
    "<div>", "</div>", "<user>", "<!-- c", "-->", "a | b\n--|--\nc | d", "[x]: y", "[^1]: z", "[^1]", "![i](j)", "---",
    "!!! note", "    in", ":::tip", "> [!NOTE]\n> n", "+++", "T\n: d", "\t> t", "&amp;", "\\", "{#i}", "\x00", "\u2028",
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(st.sampled_from(BLOCKS), max_size=12), st.sampled_from(["\n", "\n\n"]))
def test_each_line_of_any_markdown_is_read_where_it_stands(parts: list[str], end: str) -> None:
    source = end.join(parts)
    markdown = read_markdown(source)
    count = source.count("\n") + 1
    numbers = [line.number for block in markdown.blocks for line in block.body]
    assert numbers == sorted(set(numbers))
    assert all(1 <= number <= count for number in numbers)
    for block in markdown.blocks:
        for element in block.elements:
            assert 1 <= element.line <= count
            assert all(1 <= number <= count for number, _ in element.parts)
    assert all(1 <= omission.line <= count for omission in markdown.omissions)
