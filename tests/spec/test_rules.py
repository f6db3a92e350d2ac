"""Which items and rows are rules, and in what words they stand alone."""

from __future__ import annotations

import pytest

from msm_mlx.spec.markdown import blocks
from msm_mlx.spec.rules import listed_rules


def rules(source: str) -> list[tuple[int, str, bool]]:
    return [
        (rule.line, rule.text, rule.asserts) for block in blocks(source) for rule in listed_rules(block, block.elements)
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("- NEVER lie", [(1, "NEVER lie", True)]),
        ("- Colby", [(1, "Colby", False)]),
        ('- Example: "I am not sure."', [(1, 'Example: "I am not sure."', False)]),
        ("- E.g. in tests: it says nothing at all", [(1, "E.g. in tests: it says nothing at all", False)]),
        ("Never:\n- lie\n- cheat", [(2, "Never lie", True), (3, "Never cheat", True)]),
        ("| Do | Why |\n|---|---|\n| Wait | it helps |", [(3, "Wait because it helps", True)]),
        ("- Kh\u00f4ng n\u00f3i d\u1ed1i", [(1, "Kh\u00f4ng n\u00f3i d\u1ed1i", True)]),
    ],
)
def test_what_is_a_rule(source: str, expected: list[tuple[int, str, bool]]) -> None:
    assert rules(source) == expected
