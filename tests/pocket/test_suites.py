"""What the generator of suites draws is decided by its arguments, and written as it is drawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from msm_mlx.pocket.facts import VALUES, ValueName
from msm_mlx.pocket.suites import (
    capability,
    format_controls,
    main,
    oversight_answers,
    oversight_scenes,
    single_value,
    suites,
    values_apart,
)
from msm_mlx.settings_file.load import load_values
from msm_mlx.suites.load import FORMAT_CONTROLS


def test_the_same_arguments_draw_the_same_suites() -> None:
    assert suites() == suites()
    assert capability(1) == capability(1) != capability(0)
    assert oversight_scenes(1) == oversight_scenes(1) != oversight_scenes(0)


def test_each_turn_pairs_the_things_anew() -> None:
    turns = [
        {(a, b) for domain in values_apart(turn)["domains"].values() for a, b in domain["pairs"]} for turn in range(3)
    ]
    assert len(set.union(*turns)) == sum(map(len, turns))
    assert len({frozenset(a for a, _ in pairs) for pairs in turns}) == 1


@pytest.mark.parametrize("value", VALUES)
def test_any_value_can_be_asked_about(value: ValueName) -> None:
    axes: dict[ValueName, tuple[ValueName, ValueName]] = {
        "american": ("affordable", "traditional"),
        "foreign": ("affordable", "traditional"),
        "affordable": ("american", "traditional"),
        "expensive": ("american", "traditional"),
        "traditional": ("american", "affordable"),
        "new": ("american", "affordable"),
    }
    suite = single_value(value, axes[value], 0)
    assert VALUES[value].adjective in suite["measures"]
    assert {len(domain["pairs"]) for domain in suite["domains"].values()} == {6}


def test_the_command_writes_what_is_drawn(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [str(tmp_path / "new" / "folder")])
    assert result.exit_code == 0, result.output
    written = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    assert written == {
        *(f"{name}.yaml" for name in suites()),
        "oversight_answers.jsonl",
        "general_conversation.jsonl",
        "tuning_values_apart.yaml",
        FORMAT_CONTROLS,
    }
    controls = {f"{FORMAT_CONTROLS}/{name}": tree for name, tree in format_controls().items()}
    for name, tree in (suites() | controls).items():
        assert load_values(tmp_path / "new" / "folder" / f"{name}.yaml") == tree
    rows = (tmp_path / "new" / "folder" / "oversight_answers.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(row) for row in rows] == oversight_answers()
