"""A forest plot has every figure at its place, in marks that differ by their shape."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.report.forest import WIDTH, ForestGroup, ForestPanel, ForestRow, draw_forest

SVG = "{http://www.w3.org/2000/svg}"
SHARES = st.floats(0, 1)


def panel(*rows: ForestRow, heading: str = "msm+sft") -> ForestPanel:
    return ForestPanel("Arm", (ForestGroup(heading, "control for the documents", rows),), 0.0, 1.0, 0.5, "chance")


def drawn(*panels: ForestPanel) -> ElementTree.Element:
    return ElementTree.fromstring(draw_forest("a <b> & c", panels).replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1))


@settings(max_examples=30)
@given(st.tuples(SHARES, SHARES, SHARES).map(sorted), st.text(max_size=60))
def test_every_figure_is_inside_and_where_its_number_says(ends: list[float], name: str) -> None:
    heading = "".join(letter for letter in name if letter.isprintable())
    low, value, high = ends
    row = ForestRow("", "0.50 [0.40, 0.60]", (low, value, high))
    svg = drawn(panel(row, ForestRow("", "1", (0.0, 1.0, 1.0)), ForestRow("", "0", (0.0, 0.0, 1.0)), heading=heading))
    middle, right, left = (float(mark.attrib["cx"]) for mark in svg.iter(f"{SVG}circle"))
    assert 0 < left <= middle <= right < WIDTH
    assert abs((middle - left) / (right - left) - value) < 0.01
    bottom = float(svg.attrib["viewBox"].split()[3])
    assert all(0 < float(text.attrib["y"]) <= bottom for text in svg.iter(f"{SVG}text"))


def test_a_label_with_no_room_beside_the_axis_stands_above_it() -> None:
    short, long = ((drawn(panel(ForestRow(label, "x")))) for label in ("spec", "a_spec_with_a_very_long_name"))
    heights = [float(svg.attrib["viewBox"].split()[3]) for svg in (short, long)]
    assert heights[0] < heights[1]


def test_figures_lead_to_their_rows_and_are_told_in_words() -> None:
    row = ForestRow("", "0.50", (0.4, 0.5, 0.6), link="#rows", name="msm+sft")
    svg = drawn(panel(row, ForestRow("", "no finding", name="base")))
    [link] = svg.iter(f"{SVG}a")
    assert (link.attrib["href"], link.attrib["aria-label"]) == ("#rows", "msm+sft: 0.50")
    assert svg.findtext(f"{SVG}title") == "a <b> & c"
    assert svg.findtext(f"{SVG}desc") == "msm+sft 0.50; base no finding."


def test_a_panel_without_rows_is_drawn() -> None:
    assert "NaN" not in draw_forest("", [ForestPanel("", (), -1.0, 1.0, None, "")])
