"""What a report is about is known by the paths of the arms, whatever their stages are called."""

from __future__ import annotations

import pytest

from msm_mlx.report.headlines import is_general, is_headline, is_own_control, shows_behaviour_alone, starting_points


@pytest.mark.parametrize(
    ("a", "b", "headline"),
    [
        ("msm+sft", "sft", True),
        ("msm+sft@x", "sft", True),
        ("msm+sft@x", "msm+sft@y", True),
        ("sft+msm", "sft", True),
        ("msm+sft+after", "sft+after", True),
        ("msm+it", "it", True),
        ("msm+sft+after", "sft", False),
        ("msm+sft", "cot-sft", False),
        ("msm+sft", "control+sft", False),
        ("control+sft", "sft", False),
        ("msm@x", "msm@y", False),
        ("msm", "sft", False),
    ],
)
def test_a_headline_tells_what_documents_do_to_the_same_chats(a: str, b: str, headline: bool) -> None:
    assert is_headline(a, b) == headline


@pytest.mark.parametrize(
    ("a", "b", "control"),
    [
        ("msm+sft", "control+sft", True),
        ("msm+sft@x", "control+sft@x", True),
        ("msm+sft@x", "control+sft@y", False),
        ("msm+after", "control+after", True),
        ("sft", "sft", False),
    ],
)
def test_a_control_is_the_arms_own_where_only_the_reasons_differ(a: str, b: str, control: bool) -> None:
    assert is_own_control(a, b) == control


def test_arms_are_grouped_by_what_they_have_seen() -> None:
    labels = ("base", "it", "after", "sft", "cot-sft", "sft+after", "msm@x", "msm+sft@x", "control+it")
    assert [label for label in labels if is_general(label)] == ["it", "after"]
    assert [label for label in labels if shows_behaviour_alone(label)] == ["sft", "cot-sft", "sft+after"]
    assert starting_points(["base", "sft", "it", "msm", "msm+sft", "msm+it+after"]) == {"base", "sft", "it+after"}
