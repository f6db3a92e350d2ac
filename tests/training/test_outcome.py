"""What training changed is measured, and a training that learned nothing is told from one that learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.arrays import same_bits
from helpers.tiny_models import train_settings
from helpers.training_steps import some_rows

from msm_mlx.engine.adapters import LoraShape, adapter_weights, load_adapter
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.runs.outcome import TrainingOutcome
from msm_mlx.training.adapter import train_adapter
from msm_mlx.training.tokenize import TokenRow


def outcome(
    loaded: LoadedModel,
    folder: Path,
    scale: float = 2.0,
    rows: Sequence[TokenRow] | None = None,
    start: Path | None = None,
    **changes: Any,
) -> TrainingOutcome:
    settings = train_settings(**{"updates": 12, "batch_size": 5, "checkpoint_every": 1000} | changes)
    rows = some_rows(loaded) if rows is None else rows
    shape = LoraShape(2, scale)
    measured = train_adapter(loaded, rows, settings, shape, folder, seed=0, base="base", start=start)
    assert measured is not None
    return measured


def test_a_training_that_learned_has_no_problem(tiny: LoadedModel, tmp_path: Path) -> None:
    measured = outcome(tiny, tmp_path / "a")
    assert measured.after < 0.9 * measured.before
    assert 0 < measured.standard_error < measured.before - measured.after
    assert (measured.updates, measured.rows, measured.held_out, measured.problems) == (12, 5, False, ())
    assert same_bits(adapter_weights(tiny.model), load_adapter(tmp_path / "a"))  # put back after the measurement


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "problem", "cause"),
    [
        ({"scale": 1e-6}, "Learned nothing", "lora.scale 1e-06 is too small: a trial step with 2 lowers the loss."),
        ({"scale": 1e-40}, "Learned nothing", "lora.scale 1e-40 is too small"),
        (
            {"learning_rate": 1e-12},
            "Learned nothing",
            "learning_rate 1e-12 is too small: a trial step with 0.0001 to 0.001 lowers",
        ),
        ({"learning_rate": 1e-60}, "Learned nothing", "learning_rate 1e-60 is too small"),
        ({"warmup": 10**6}, "Learned nothing", "because warmup is 1000000 updates long"),
        ({"max_grad_norm": 1e-13}, "Learned nothing", "max_grad_norm 1e-13 clips gradients"),
        ({"weight_decay": 100.0}, "", "weight_decay 100 takes the adapter away"),
        ({"scale": 1e-6, "learning_rate": 1e-9}, "Learned nothing", "lora.scale 1e-06 is too small, and learning_rate"),
        ({"updates": 0}, "No update was made", ""),
    ],
)
def test_a_training_that_learned_nothing_names_what_was_shown_to_be_the_cause(
    changes: dict[str, Any], problem: str, cause: str, tiny: LoadedModel, tmp_path: Path
) -> None:
    [told] = outcome(tiny, tmp_path / "a", **changes).problems
    assert problem in told
    assert cause in told


@pytest.mark.slow
def test_a_rate_that_undoes_what_was_learned_is_named(tiny: LoadedModel, tmp_path: Path) -> None:
    outcome(tiny, tmp_path / "first", updates=40)
    measured = outcome(tiny, tmp_path / "on", start=tmp_path / "first", learning_rate=3.0)
    [told] = measured.problems
    assert measured.after > measured.before
    assert told.startswith("The loss rose: loss of 5 rows that it learned ")
    assert "learning_rate 3 is too large: a trial step with 0.0001 to 0.001 lowers the loss." in told


def test_rows_without_a_supervised_token_are_named(tiny: LoadedModel, tmp_path: Path) -> None:
    masked = [replace(row, supervised=(False,) * len(row.ids)) for row in some_rows(tiny)]
    [told] = outcome(tiny, tmp_path / "a", rows=masked).problems
    assert "No token of its rows is supervised" in told


def test_no_rows_are_told(tiny: LoadedModel, tmp_path: Path) -> None:
    [told] = outcome(tiny, tmp_path / "a", rows=[]).problems
    assert told == "There was no row to learn, so that the adapter is as it started."


@pytest.mark.slow
def test_what_does_not_carry_over_to_held_out_texts_is_no_lack_of_learning(tiny: LoadedModel, tmp_path: Path) -> None:
    numbers = np.random.default_rng(0)
    rows = [TokenRow((1, *map(int, numbers.integers(3, 200, 8))), (False, *(True,) * 8), i) for i in range(8)]
    outcome(tiny, tmp_path / "first", rows=rows, updates=30)  # which takes what any text would teach
    measured = outcome(tiny, tmp_path / "on", rows=rows, start=tmp_path / "first", updates=40, validation=3)
    [told] = measured.problems
    assert (measured.held_out, measured.rows) == (True, 3)
    assert told.startswith(("No better than before: ", "The loss rose: "))
    assert "It learned its rows and nothing that carries over: their loss fell from " in told
    assert "There are 5, each seen 40 times" in told
