"""Where the sections of a spec stand."""

from __future__ import annotations

import pytest

from msm_mlx.spec.markdown import blocks
from msm_mlx.spec.standing import standings, without_number


def test_what_stands_above_other_sections_is_the_introduction() -> None:
    assert standings(blocks("# T\n\na\n\n## Conduct\n\nb\n\n## Examples\n\nc\n\n### One\n\nd\n\n## Care\n\ne\n")) == [
        "introduction", "introduction", "body", "aside", "aside", "body"]  # fmt: skip
    assert standings(blocks("# T\n\na\n"))[1] == "body"


@pytest.mark.parametrize(
    ("heading", "standing"),
    [
        ("2. Background", "aside"),
        ("Why this matters", "aside"),
        ("Why {model_name} says no", "body"),
        ("What Pip can do", "aside"),
        ("What Pip does", "body"),
        ("Rules under discussion", "aside"),
        ("Limits", "body"),
        ("How to propose a new line", "aside"),
        ("Adding a rule", "aside"),
        ("Note to volunteers", "aside"),
        ("How to announce a change", "body"),
    ],
)
def test_the_heading_decides(heading: str, standing: str) -> None:
    assert standings(blocks(f"# T\n\n## {heading}\n\nb\n"))[2] == standing


def test_a_heading_without_its_number() -> None:
    assert without_number("Article IV. Of care") == "Of care"
    assert without_number("3.2 Tone") == "Tone"
