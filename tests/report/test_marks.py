"""Marks and lines can be told apart without their colours."""

from __future__ import annotations

import re

from msm_mlx.report.marks import SHAPES, draw_mark, line_style


def test_marks_differ_by_their_shape_alone() -> None:
    marks = [draw_mark(number, 10, 10) for number in (None, *range(SHAPES))]
    assert len({re.sub('"(#[0-9A-F]+|currentColor)"', "", mark) for mark in marks}) == 1 + SHAPES


def test_lines_differ_by_their_dashes_alone() -> None:
    assert len({re.sub('stroke="[^"]+"', "", line_style(number)) for number in range(SHAPES)}) == SHAPES


def test_marks_and_lines_of_one_number_have_one_colour() -> None:
    for number in range(12):
        colour = re.findall('stroke="([^"]+)"', line_style(number))[0]
        assert f'"{colour}"' in draw_mark(number, 0, 0)
