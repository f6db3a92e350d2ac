"""Paragraphs, items, rows and quotations, each with its words and lines."""

from __future__ import annotations

import pytest
from helpers.markdown_source import SOURCE

from msm_mlx.spec.elements import Element
from msm_mlx.spec.markdown import blocks


def elements(source: str) -> list[tuple[str, int, int, str]]:
    return [(e.kind, e.line, e.depth, e.text) for block in blocks(source) for e in block.elements if e.kind != "code"]


def test_elements_are_paragraphs_items_and_quotes_in_their_order() -> None:
    assert elements(SOURCE) == [
        ("prose", 1, -1, "Before."),
        ("prose", 4, -1, "A paragraph goes on."),
        ("item", 7, 0, "an item goes on"),
        ("item", 9, 1, "a deeper one"),
        ("quote", 10, -1, "a quote of two lines"),
        ("prose", 15, -1, "After the code."),
    ]


@pytest.mark.parametrize(
    "label", ["SP1.", "Rule 12:", "**R3**:", "A2.1)", "(a)", "b)", "\u2022", "\uff08一\uff09", "二、"]
)
def test_a_paragraph_with_a_label_is_an_item(label: str) -> None:
    assert elements(f"{label} Mo must wait.") == [("item", 1, 0, "Mo must wait.")]


def test_marks_that_markdown_does_not_know_part_the_lines_of_a_paragraph() -> None:
    assert elements("Rules:\n\u2022 one\n\u2022 two\n\n\u2013 three\n\u2013 four\n\nHe waits\n\u2013 as ever.") == [
        ("prose", 1, -1, "Rules:"),
        ("item", 2, 0, "one"),
        ("item", 3, 0, "two"),
        ("item", 5, 0, "three"),
        ("item", 6, 0, "four"),
        ("prose", 8, -1, "He waits \u2013 as ever."),
    ]


def test_an_item_ends_where_a_line_in_it_has_a_label_of_its_own() -> None:
    assert elements("1. Honesty\n   1.1 Mo waits\n   and rests.\n   1.2 Mo stays.\n2. Care\n   a. Ask first") == [
        ("item", 1, 0, "Honesty"),
        ("item", 2, 1, "Mo waits and rests."),
        ("item", 4, 1, "Mo stays."),
        ("item", 5, 0, "Care"),
        ("item", 6, 1, "Ask first"),
    ]
    assert elements("It took\n1.5 million years.") == [("prose", 1, -1, "It took 1.5 million years.")]


def test_cells_of_a_row_have_their_headings() -> None:
    [block] = blocks("| A | **B** |\n|---|---|\n| one | [two](http://x) |\n| three | |")
    assert [(row.line, row.cells) for row in block.elements] == [
        (3, (("A", "one"), ("B", "two"))),
        (4, (("A", "three"), ("B", ""))),
    ]


def test_a_position_in_an_element_has_its_line() -> None:
    element = blocks(SOURCE)[1].elements[0]
    assert [element.line_of(element.text.index(word)) for word in ("A", "paragraph", "goes")] == [4, 4, 5]
    assert Element("item", 3, 0, [(3, ""), (4, "a b")]).line_of(0) == 4


def test_each_item_of_a_list_in_a_quotation_is_a_quotation_with_the_words_that_lead_to_it() -> None:
    source = "> Mo must:\n> - wait because it can\n> - rest\n>\n> 1. Mo stays"
    assert elements(source) == [
        ("quote", 2, -1, "Mo must wait because it can"),
        ("quote", 3, -1, "Mo must rest"),
        ("quote", 5, -1, "Mo must Mo stays"),
    ]


def test_a_call_out_is_read_as_the_paragraphs_in_it() -> None:
    assert elements("> [!NOTE]\n> The assistant waits.\n>\n> - it rests\n\n> [!tip]- Mo eats.") == [
        ("prose", 2, -1, "The assistant waits."),
        ("item", 4, 0, "it rests"),
        ("prose", 6, -1, "Mo eats."),
    ]


def test_a_warning_that_does_not_name_the_assistant_is_none_of_its_rules() -> None:
    assert elements("> [!WARNING]\n> This is a draft; do not rely on it.") == [
        ("citation", 2, -1, "This is a draft; do not rely on it."),
    ]


def test_bullets_too_far_below_their_lead_are_items() -> None:
    assert elements("Always:\n    - wait\n    - rest") == [
        ("prose", 1, -1, "Always:"),
        ("item", 2, 0, "wait"),
        ("item", 3, 0, "rest"),
    ]


def test_a_task_and_a_term_are_items() -> None:
    assert elements("- [ ] Mo waits\n- [x] Mo rests\n\nHonesty\n: Mo says\n  what is.") == [
        ("item", 1, 0, "Mo waits"),
        ("item", 2, 0, "Mo rests"),
        ("item", 4, 0, "Honesty: Mo says what is."),
    ]
