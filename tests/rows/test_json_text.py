"""JSON values out of texts that hold several."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.rows.json_text import NotJsonError, values_of

OBJECTS = st.lists(st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text(max_size=4), max_size=2))


@settings(max_examples=50)
@given(OBJECTS, st.sampled_from([None, 0, 2]), st.sampled_from(["", "\n", "\r\n", "\n\n"]))
def test_values_come_back_from_a_list_and_from_behind_each_other(
    rows: list[object], indent: int | None, end: str
) -> None:
    for text in (
        json.dumps(rows, indent=indent) + end,
        (end or "\n").join(json.dumps(row, indent=indent) for row in rows),
    ):
        assert [value.content for value in values_of(text)] == rows


def test_values_have_the_line_on_which_they_begin() -> None:
    assert [value.line for value in values_of('[\n{"a":\n1},\n\n{}, {}\n]')] == [2, 5, 5]
    assert [value.line for value in values_of('x\n\n{"a":\n1}\n{}', 3, 3)] == [3, 5]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[{},\n{}", 2, "the file breaks off"),
        ('{}\n{"a": [1,\n', 3, "it breaks off"),
        ('{"a": "b', 1, "it breaks off"),
        ("{'a': 1}", 1, "Python's notation"),
        ('[\n{"a":\nNone}]', 3, "Python's notation"),
        ('{"a":\n[1,]}', 2, "a comma stands before a closing bracket"),
        ("{}\nhello", 2, "it begins with 'hello'"),
        ("[{}]\n[{}]", 1, "more stands behind the end of the list"),
        ('{"a" 1}', 1, "expecting ':' delimiter at column 6"),
        ("{\u201ca\u201d: 1}", 1, "it has curly quotes"),
        ('{"a": ' + "9" * 5000 + "}", 1, "a number of thousands of digits"),
        ('{"a": ' * 10**5, 1, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_told_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(NotJsonError) as caught:
        list(values_of(text))

    assert caught.value.line == line
    assert reason in caught.value.reason
