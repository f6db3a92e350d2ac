"""Plots say in SVG what was measured."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.report.plots import HEIGHT, WIDTH, Line, Panel, Point, draw

SVG = "{http://www.w3.org/2000/svg}"
SHARES = st.floats(-1, 1)
POINTS = st.lists(st.tuples(SHARES, SHARES, SHARES).map(sorted), min_size=1, max_size=5)


def panel(*lines: Line, ticks: int = 5) -> Panel:
    return Panel("a <b> & c", "count", tuple(map(str, range(ticks))), lines)


def circles(svg: str) -> list[tuple[float, float]]:
    found = ElementTree.fromstring(svg).iter(f"{SVG}circle")
    return [(float(circle.attrib["cx"]), float(circle.attrib["cy"])) for circle in found]


@settings(deadline=None, max_examples=30)
@given(POINTS)
def test_every_point_is_drawn_inside_its_panel(values: list[list[float]]) -> None:
    points = tuple(Point(at, value, low, high) for at, (low, value, high) in enumerate(values))
    svg = draw([[panel(Line("x", points))]])
    found = circles(svg)
    assert len(found) == len(points)
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in found)
    assert [x for x, _ in found] == sorted(x for x, _ in found)
    highest, lowest = max(points, key=lambda p: p.value), min(points, key=lambda p: p.value)
    assert found[highest.at][1] <= found[lowest.at][1]
    assert svg == draw([[panel(Line("x", points))]])


def test_panels_stand_in_rows_and_share_their_axis() -> None:
    low, high = (panel(Line("x", (Point(0, value, value, value),))) for value in (0.1, 0.9))
    root = ElementTree.fromstring(draw([[low, high], [low]]))
    assert (root.attrib["width"], root.attrib["height"]) == (str(2 * WIDTH), str(2 * HEIGHT))
    moved = [group.attrib["transform"] for group in root.iter(f"{SVG}g")]
    assert moved == ["translate(0,0)", f"translate({WIDTH},0)", f"translate(0,{HEIGHT})"]
    heights = [y for _, y in circles(draw([[low, high], [low]]))]
    assert heights[0] == heights[2] > heights[1]


def test_titles_are_text_whatever_they_hold() -> None:
    texts = [element.text for element in ElementTree.fromstring(draw([[panel()]])).iter(f"{SVG}text")]
    assert "a <b> & c" in texts
    assert draw([]).startswith("<svg")
