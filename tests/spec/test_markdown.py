"""Headings, the elements under them, and the lines that they stand on."""

from __future__ import annotations

import pytest

from msm_mlx.spec.markdown import blocks, elements, lines, open_fence

SOURCE = """Before.
# Title #

A paragraph
goes on.

- an item
  goes on
  1. a deeper one
> a quote
> of two lines
```
# no heading
```
After the code.
## Next"""


def test_a_block_is_a_heading_with_the_lines_under_it() -> None:
    headed = blocks(SOURCE)
    assert [(block.line, block.heading and (block.heading.level, block.heading.text)) for block in headed] == [
        (1, None),
        (2, (1, "Title")),
        (16, (2, "Next")),
    ]
    assert headed[0].text == "Before."


def test_elements_are_paragraphs_items_and_quotes_in_their_order() -> None:
    [_, block, _] = blocks(SOURCE)
    assert [(element.kind, element.line, element.depth, element.text) for element in elements(block)] == [
        ("prose", 4, 0, "A paragraph goes on."),
        ("item", 7, 0, "an item goes on"),
        ("item", 9, 2, "a deeper one"),
        ("quote", 10, 0, "a quote of two lines"),
        ("prose", 15, 0, "After the code."),
    ]


@pytest.mark.parametrize("label", ["SP1.", "Rule 12:", "**R3**:", "A2.1)"])
def test_a_paragraph_with_a_label_is_an_item(label: str) -> None:
    [element] = elements(blocks(f"{label} Mo must wait.")[0])
    assert (element.kind, element.text) == ("item", "Mo must wait.")


def test_a_position_in_an_element_has_its_line() -> None:
    element = elements(blocks(SOURCE)[1])[0]
    assert [element.line_of(element.text.index(word)) for word in ("A", "paragraph", "goes")] == [4, 4, 5]


def test_a_fence_is_open_until_marks_as_long_close_it() -> None:
    assert [line.fenced for line in lines("a\n````\nb\n```\n````\nc")] == [False, True, True, True, True, False]
    assert open_fence(SOURCE) is None
    assert open_fence("a\n~~~\nb") == 2
