"""A tree of stages fits every console, and has one line for what is equal."""

from __future__ import annotations

import io

from helpers.terminals import terminal

from msm_mlx.cli.run_tree import cell_tree, draw_tree, stage_tree
from msm_mlx.console.terminal import TerminalConsole
from msm_mlx.pipeline.run_state import StageState, StateName

BECAUSE = "adapters/msm+sft-s2/adapters.safetensors is missing"


def stage(arm: str, seed: int | None, state: StateName = "done", reason: str = "", kind: str = "sft") -> StageState:
    name = f"{kind} {arm}-s{seed}"
    return StageState(name, kind, arm, seed, None, state, reason, None if state == "missing" else 20.0, 1000)


def drawn(stages: list[StageState], width: int, **environment: str) -> list[str]:
    console = TerminalConsole(terminal(), {"TERM": "xterm", "NO_COLOR": "1"} | environment)
    console.width = width
    return [line.plain for line in draw_tree(stage_tree(stages), console)]


def test_equal_seeds_are_one_line_and_others_stand_apart() -> None:
    stages = [stage(arm, seed) for arm in ("sft", "msm+sft") for seed in range(4)]
    assert drawn(stages, 80) == [
        "sft, seeds 0-3  done  3 min  8.0 kB",
        "\u251c\u2500\u2500 sft         done   80 s  4.0 kB",
        "\u2514\u2500\u2500 msm+sft     done   80 s  4.0 kB",
    ]
    stages[6] = stage("msm+sft", 2, "stale", BECAUSE)
    assert [line.rstrip() for line in drawn(stages, 80)[2:]] == [
        "\u2514\u2500\u2500 msm+sft            stale   80 s  4.0 kB",
        "    \u251c\u2500\u2500 seeds 0, 1, 3  done    60 s  3.0 kB",
        "    \u2514\u2500\u2500 seed 2         stale   20 s  1.0 kB",
        f"          {BECAUSE}",
    ]


def test_what_does_not_fit_takes_further_lines() -> None:
    lines = drawn([stage("msm+sft+after-0.01", seed) for seed in (0, 7)] + [stage("sft", 0, "stale", BECAUSE)], 40)
    assert max(map(len, lines)) <= 40
    assert " ".join(" ".join(lines).replace("\u2502", " ").split()).count("is missing") == 1


def test_a_reason_that_all_share_is_told_once() -> None:
    lines = drawn([stage(arm, 0, "stale", "after documents") for arm in ("sft", "msm+sft")], 80)
    assert "\n".join(lines).count("after documents") == 1


def test_a_screen_reader_hears_commas() -> None:
    lines = drawn([stage("sft", 0), stage("msm+sft", 0, "missing")], 80, MSM_MLX_SCREEN_READER="1")
    assert lines == [
        "sft, seed 0: missing, 20 s, 2.0 kB",
        "  sft: done, 20 s, 1.0 kB",
        "  msm+sft: missing, 1.0 kB",
    ]


def test_a_cell_says_how_far_it_is_or_why_it_is_due() -> None:
    half = [stage("sft", 0), stage("sft", 1, "missing")]
    stale = [stage("sft", 0, "stale", "its inputs changed (rank)")]
    tree = cell_tree({"a=1": half, "a=2": stale, "a=3": []})
    assert [(branch.title, branch.state, branch.note) for branch in tree] == [
        ("a=1", "missing", "1 of 2 stages"),
        ("a=2", "stale", "its inputs changed (rank)"),
    ]


def test_names_are_no_commands_to_the_terminal() -> None:
    console = TerminalConsole(io.StringIO(), {})
    assert "\x1b" not in "".join(line.plain for line in draw_tree(stage_tree([stage("\x1b[31m", 0)]), console))
