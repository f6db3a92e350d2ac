"""Plots say in SVG what was measured."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.report.plots import AXIS, PLOT, TOP, WIDTH, Panel, PlotLine, Point, draw, panel_height

SVG = "{http://www.w3.org/2000/svg}"
SHARES = st.floats(-1, 1)
POINTS = st.lists(st.tuples(SHARES, SHARES, SHARES).map(sorted), min_size=1, max_size=5)


def panel(*lines: PlotLine, ticks: int = 5) -> Panel:
    return Panel("a <b> & c", "count", tuple(map(str, range(ticks))), lines)


def circles(svg: str) -> list[tuple[float, float]]:
    """Those of the plot, not of the legend."""
    drawn = ElementTree.fromstring(svg).iter(f"{SVG}circle")
    places = [(float(circle.attrib["cx"]), float(circle.attrib["cy"])) for circle in drawn]
    tall = panel_height([panel(PlotLine("x", ()))])
    return [(x, y) for x, y in places if y % tall < TOP + PLOT + AXIS]


@settings(max_examples=30)
@given(POINTS)
def test_every_point_is_drawn_inside_its_panel(values: list[list[float]]) -> None:
    points = tuple(Point(at, value, low, high) for at, (low, value, high) in enumerate(values))
    svg = draw([[panel(PlotLine("x", points))]])
    found = circles(svg)
    assert len(found) == len(points)
    assert all(0 < x < WIDTH and 0 < y < panel_height([panel(PlotLine("x", points))]) for x, y in found)
    assert [x for x, _ in found] == sorted(x for x, _ in found)
    highest, lowest = max(points, key=lambda p: p.value), min(points, key=lambda p: p.value)
    assert found[highest.at][1] <= found[lowest.at][1]
    assert svg == draw([[panel(PlotLine("x", points))]])


def test_panels_stand_in_rows_and_share_their_axis() -> None:
    low, high = (panel(PlotLine("x", (Point(0, value, value, value),))) for value in (0.1, 0.9))
    root = ElementTree.fromstring(draw([[low, high], [low]]))
    tall = panel_height([low])
    assert (root.attrib["width"], root.attrib["height"]) == (str(2 * WIDTH), str(2 * tall))
    moved = [group.attrib["transform"] for group in root.iter(f"{SVG}g")]
    assert moved == ["translate(0,0)", f"translate({WIDTH},0)", f"translate(0,{tall})"]
    heights = [y for _, y in circles(draw([[low, high], [low]]))]
    assert heights[0] == heights[2] > heights[1]


def test_lines_differ_by_marks_and_dashes_as_well_as_colours() -> None:
    svg = draw([[panel(*(PlotLine(f"line {n}", (Point(0, 0, 0, 0),)) for n in range(4)))]])
    dashes = re.findall(r'<polyline [^>]*stroke="[^"]+"( stroke-dasharray="[^"]+")?/>', svg)
    assert len({*dashes}) == 4
    assert len({*re.findall("<(circle|rect|path)", svg)}) == 3


def test_titles_are_text_whatever_they_hold() -> None:
    texts = [element.text for element in ElementTree.fromstring(draw([[panel()]])).iter(f"{SVG}text")]
    assert "a <b> & c" in texts
    assert draw([]).startswith("<svg")


def test_a_drawing_in_a_page_takes_its_colours_and_the_axis_of_those_beside_it() -> None:
    low, high = (panel(PlotLine("x", (Point(0, value, value, value),))) for value in (0.1, 0.9))
    alone, beside = draw([[low]], name="low"), draw([[low]], like=[low, high], name="low")
    assert "rect" not in alone + beside
    assert "white" not in alone + beside
    assert "+0.75" in beside
    assert "+0.75" not in alone


def test_a_legend_has_room_for_every_line() -> None:
    many = panel(*(PlotLine(f"line {n}", (Point(0, 0, 0, 0),)) for n in range(9)))
    texts = [e for e in ElementTree.fromstring(draw([[many]])).iter(f"{SVG}text") if str(e.text).startswith("line")]
    assert len(texts) == 9
    assert len({(e.attrib["x"], e.attrib["y"]) for e in texts}) == 9
    assert all(float(e.attrib["y"]) <= panel_height([many]) for e in texts)
