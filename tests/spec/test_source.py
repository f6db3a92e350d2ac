"""What is taken out of a source before it is read, line by line."""

from __future__ import annotations

import pytest

from msm_mlx.spec.source import (
    Omission,
    example_lines,
    has_tags,
    is_html_tag,
    without_call_out_marks,
    without_front_matter,
    without_tags,
)


@pytest.mark.parametrize(
    "front",
    [
        "---\ntitle: a\ntags: [b, c]\n---\n",
        "---\ntitle: >\n  a\n  b\nlist:\n- c\n# note\n...\n",
        '+++\ntitle = "a"\n+++\n',
        "\n---\n'my key': a\n---  \n",
    ],
)
def test_front_matter_leaves_empty_lines(front: str) -> None:
    omissions: list[Omission] = []
    assert without_front_matter(front + "# T\n", omissions) == "\n" * front.count("\n") + "# T\n"
    assert [omission.what for omission in omissions] == ["front matter"]


@pytest.mark.parametrize(
    "source",
    ["---\n\n# T\n\nIt says: yes.\n\nMore.\n---\n", "# T\n---\na: b\n---\n", "---\na: b\n", "---\nSo it is.\n---\n"],
)
def test_a_rule_is_no_front_matter(source: str) -> None:
    assert without_front_matter(source, []) == source


def test_the_text_of_a_call_out_is_not_indented() -> None:
    lines = ['!!! note "Why"', "    a", "", "    - b", "        - c", "d", "::: tip", "e", ":::", "```", ":::", "```"]
    assert without_call_out_marks(lines, {10, 11, 12}, []) == [
        "", "a", "", "- b", "    - c", "d", "", "e", "", "```", ":::", "```",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<h2 align='center'>A</h2>", "## A"),
        ("<ul>\n  <li>a</li>\n  <li>b</li>\n</ul>", "\n- a\n- b\n"),
        ("<p\n  class='x'>a<br/>b</p>", "\na b"),
        ("<blockquote>a</blockquote>", "> a"),
        ("<!-- a\nb --> c", "\nc"),
        ("<script>\nif (a < b) {}\n</script>", "\n\n"),
        ("<!DOCTYPE html>", ""),
        ("<user>a</user>", "<user>a</user>"),
        ("<policy>\na\n</policy>", "\na\n"),
    ],
)
def test_tags_become_markdown_on_their_lines(html: str, markdown: str) -> None:
    assert without_tags(html, 1, []) == markdown
    assert has_tags(html) == (html != markdown)


def test_an_example_goes_on_to_the_tag_that_closes_it() -> None:
    lines = [
        "<user>",
        "a",
        "",
        "- b",
        "</user>",
        "c",
        "<Good>d</Good>",
        "e",
        "```",
        "<user>",
        "```",
        "</bad>",
        "<tool>",
        "f",
    ]
    assert example_lines(lines, {9, 10, 11}) == {1, 2, 3, 4, 5, 7}


def test_tags_are_told_with_their_lines() -> None:
    omissions: list[Omission] = []
    without_tags("<div>\na\n</div>", 7, omissions)
    assert omissions == [Omission(7, "HTML tags"), Omission(9, "HTML tags")]


def test_tags_of_other_languages_are_text() -> None:
    assert [is_html_tag(tag) for tag in ("<b>", "</em>", "<!-- a -->", "<user>", "<root>")] == [
        True, True, True, False, False,
    ]  # fmt: skip
