"""A probe of training is short on any machine, and says what it is extrapolated from."""

from __future__ import annotations

from itertools import count

import pytest

from msm_mlx.engine.adapters import LoraShape, add_lora
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.recipe.schema import SftSettings
from msm_mlx.training.metrics import ProbedTraining
from msm_mlx.training.probe import probe_within


@pytest.mark.parametrize(
    ("seconds", "measured_on"),
    [(1e6, "from 2 updates of 4 rows"), (4.0, "from 2 updates of 1 row"), (1.0, "from 1 update of 1 row")],
)
def test_a_probe_takes_as_many_rows_as_there_is_time_for(seconds: float, measured_on: str, tiny: LoadedModel) -> None:
    add_lora(tiny.model, LoraShape(4, 2.0), 0)
    settings = SftSettings(learning_rate=1e-3, updates=9, batch_size=4, max_length=16, rows=8)
    times = count(0.0, 2.0)
    probed = probe_within(tiny.model, 200, settings, seconds, clock=lambda: next(times))
    assert probed.measured_on == measured_on
    assert probed.peak > 0
    assert probed.seconds > 0


def test_fewer_rows_are_made_into_all() -> None:
    assert ProbedTraining(1, 2.0, rows=2, updates=1).as_of(8).seconds == 8.0
