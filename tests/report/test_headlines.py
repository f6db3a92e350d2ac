"""What a report is about is known by the paths of the arms, whatever their stages are called."""

from __future__ import annotations

from msm_mlx.report.headlines import is_general, shows_behaviour_alone, starting_points


def test_arms_are_grouped_by_what_they_have_seen() -> None:
    labels = ("base", "it", "after", "sft", "cot-sft", "sft+after", "msm@x", "msm+sft@x", "control+it")
    assert [label for label in labels if is_general(label)] == ["it", "after"]
    assert [label for label in labels if shows_behaviour_alone(label)] == ["sft", "cot-sft", "sft+after"]
    assert starting_points(["base", "sft", "it", "msm", "msm+sft", "msm+it+after"]) == {"base", "sft", "it+after"}
