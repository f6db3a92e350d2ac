"""What the parser knows beside CommonMark, and that it drops nothing that is deeply nested."""

from __future__ import annotations

import pytest

from msm_mlx.spec.parser import line_numbers, parse


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("a | b\n--|--\nc | d", "table"),
        ("~~a~~", "s"),
        ("a\n: b", "dl"),
        ("a[^1]\n\n[^1]: b", "footnote"),
        ("a\n=", "heading"),
    ],
)
def test_forms(source: str, kind: str) -> None:
    assert kind in {node.type for node in parse(source, {}).walk()}


def test_lines_are_counted_from_one() -> None:
    [_, paragraph] = parse("# a\n\nb\nc", {}).children
    assert list(line_numbers(paragraph)) == [3, 4]


def test_a_deep_quotation_keeps_its_words() -> None:
    assert "deep" in [node.content for node in parse(">" * 40 + " deep", {}).walk() if node.type == "text"]


@pytest.mark.parametrize(
    "source", ["*a " * 150 + "b*" * 150, ">" * 2000 + "x", "".join(f"{' ' * 2 * n}- a\n" for n in range(200))]
)
def test_no_nesting_is_too_deep(source: str) -> None:
    assert parse(source, {}).children
