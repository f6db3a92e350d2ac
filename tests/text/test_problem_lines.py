"""No file fills a screen with what is wrong with it."""

from __future__ import annotations

import pytest

from msm_mlx.text.problem_lines import KINDS, WORDINGS, group_problems, split_remedy


def test_what_many_lines_share_is_said_once() -> None:
    lines = [f"a b.jsonl:{n}: unknown key {key!r}" for n in range(1, 5001) for key in ("id", "set")]

    assert group_problems(lines) == [
        "a b.jsonl:1: unknown key 'id' (5,000 lines: 1, 2, 3, 4, 5, ...)",
        "a b.jsonl:1: unknown key 'set' (5,000 lines: 1, 2, 3, 4, 5, ...)",
    ]


def test_what_differs_in_values_alone_is_one_kind_once_it_is_often_so() -> None:
    lines = [f"a.jsonl:{n}: role must be user, not 'bot {n}'" for n in range(1, 31)]

    assert group_problems(lines[:WORDINGS]) == lines[:WORDINGS]
    assert group_problems(lines) == ["a.jsonl:1: role must be user, not 'bot 1' (30 lines: 1, 2, 3, 4, 5, ...)"]


def test_files_keys_and_places_without_a_line_stay_apart() -> None:
    lines = [
        "a.yaml:3:5 lora.rank: is missing",
        "b.yaml:3:5 lora.rank: is missing",
        "a.yaml:4:5 lora.scale: is missing",
    ]
    lines += ["a.yaml: no such file", "the model reads 512 tokens: shorten these", "--set: is missing"]

    assert group_problems(lines) == lines
    assert group_problems([*lines, "a.yaml:9:2 lora.rank: is missing"])[0] == f"{lines[0]} (2 lines: 3, 9)"


def test_grouping_again_changes_nothing() -> None:
    once = group_problems([f"a:{n}: is {'not ' * (n % 3)}right" for n in range(40)])

    assert group_problems(once) == once
    assert len(once) == 3


def test_a_file_with_endless_kinds_is_cut_and_the_rest_counted() -> None:
    kinds = [f"a.jsonl:{n}: {'x' * n}" for n in range(1, KINDS + 8)]

    lines = group_problems([*kinds, "b.jsonl:1: is empty"])

    assert lines == [*kinds[:KINDS], "b.jsonl:1: is empty", "a.jsonl: and 7 more kinds of problem"]


def test_the_count_stands_before_what_to_do() -> None:
    lines = [f"a.jsonl:{n}: is a pair; write the chosen chat" for n in (1, 2)]

    assert group_problems(lines) == ["a.jsonl:1: is a pair (2 lines: 1, 2); write the chosen chat"]


@pytest.mark.parametrize(
    ("what", "remedy"),
    [
        ("a.yaml:1:2 name: must be text, not 7 (put it in quotes)", ""),
        ("--arm: is missing", "there are sft, msm"),
        ("the spec's end: 'a; b' is \"c; d\" (e; f)", "`x; y` helps"),
        ("a: ValueError: x; y", "run it again"),
        ("documents: none passed", "raise one (now (7); or 8), or take another"),
        ("", ""),
    ],
)
def test_what_to_do_comes_after_the_last_semicolon_that_is_not_quoted(what: str, remedy: str) -> None:
    assert split_remedy(f"{what}; {remedy}" if remedy else what) == (what, remedy)
