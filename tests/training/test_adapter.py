"""One adapter from start to finish, and the same bytes after an interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.arrays import logits_of, same_bits
from helpers.tiny_models import train_settings

from msm_mlx.engine.adapter_files import CONFIG, WEIGHTS
from msm_mlx.engine.adapters import (
    LoraShape,
    adapter_shape,
    adapter_weights,
    add_lora,
    load_adapter,
    save_adapter,
    use_adapter,
    use_base,
)
from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.runs.layout import CHECKPOINT, METRICS, snapshot_folder
from msm_mlx.training.adapter import start_adapter, train_adapter
from msm_mlx.training.metrics import Update
from msm_mlx.training.tokenize import TokenRow, document_rows
from msm_mlx.training.trainer import TrainingCallbacks

SHAPE = LoraShape(2, 2.0)


def some_rows(loaded: LoadedModel) -> list[TokenRow]:
    return document_rows(loaded, ["the cat sat", "a dog", "the end of the day"], 16)


def trained(loaded: LoadedModel, folder: Path, *, seed: int = 1, start: Path | None = None, updates: int = 5) -> bytes:
    settings = train_settings(updates=updates, checkpoint_every=2)
    train_adapter(loaded, some_rows(loaded), settings, SHAPE, folder, seed=seed, base="base", start=start)
    return (folder / WEIGHTS).read_bytes()


class KilledError(Exception):
    pass


@pytest.mark.parametrize("continued", [False, True], ids=["fresh", "continued"])
@pytest.mark.parametrize("killed_at", [1, 3, 5])
@pytest.mark.slow
def test_an_interrupted_adapter_is_finished_with_the_same_bytes(
    killed_at: int, continued: bool, tiny: LoadedModel, tmp_path: Path
) -> None:
    start = tmp_path / "start" if continued else None
    if start is not None:
        trained(tiny, start, seed=9, updates=2)
    expected = trained(tiny, tmp_path / "whole", start=start)

    def kill(update: Update) -> None:
        if update.number == killed_at:
            raise KilledError

    settings = train_settings(updates=5, checkpoint_every=2)
    with pytest.raises(KilledError):
        train_adapter(
            tiny,
            some_rows(tiny),
            settings,
            SHAPE,
            tmp_path / "cut",
            seed=1,
            base="base",
            start=start,
            callbacks=TrainingCallbacks(kill),
        )
    assert not (tmp_path / "cut" / WEIGHTS).exists()
    assert (tmp_path / "cut" / CHECKPOINT).exists() == (killed_at > 2)
    anew = load_base(tiny.folder)  # as a new process would
    assert trained(anew, tmp_path / "cut", start=start) == expected
    assert sorted(path.name for path in (tmp_path / "cut").iterdir()) == sorted([WEIGHTS, CONFIG, METRICS])


def test_it_is_kept_along_the_way_the_same_after_an_interruption(tiny: LoadedModel, tmp_path: Path) -> None:
    settings = train_settings(updates=5, checkpoint_every=2, evaluate_at=(2, 3))

    def train(folder: Path, callbacks: TrainingCallbacks) -> list[bytes]:
        train_adapter(tiny, some_rows(tiny), settings, SHAPE, folder, seed=1, base="base", callbacks=callbacks)
        return [(folder / snapshot_folder(update) / WEIGHTS).read_bytes() for update in settings.evaluate_at]

    def kill(update: Update) -> None:
        if update.number == 3:
            raise KilledError

    whole = train(tmp_path / "whole", TrainingCallbacks())
    assert len({*whole, (tmp_path / "whole" / WEIGHTS).read_bytes()}) == 3
    with pytest.raises(KilledError):
        train(tmp_path / "cut", TrainingCallbacks(kill))
    assert train(tmp_path / "cut", TrainingCallbacks()) == whole
    use_adapter(tiny.model, tmp_path / "cut" / snapshot_folder(2))


def test_what_ran_before_does_not_change_an_adapter(tiny: LoadedModel, tmp_path: Path) -> None:
    first = trained(tiny, tmp_path / "a")
    assert trained(tiny, tmp_path / "b", seed=2) != first
    assert trained(tiny, tmp_path / "c") == first


@pytest.mark.slow
def test_an_adapter_may_go_on_from_another(tiny: LoadedModel, tmp_path: Path) -> None:
    trained(tiny, tmp_path / "first")
    assert (
        trained(tiny, tmp_path / "same", start=tmp_path / "first", updates=0)
        == (tmp_path / "first" / WEIGHTS).read_bytes()
    )
    assert trained(tiny, tmp_path / "on", start=tmp_path / "first") != trained(tiny, tmp_path / "fresh")


def test_without_rows_the_adapter_stays_as_it_starts(tiny: LoadedModel, tmp_path: Path) -> None:
    base = logits_of(tiny)
    train_adapter(tiny, [], train_settings(), SHAPE, tmp_path / "a", seed=1, base="base")
    assert adapter_shape(tmp_path / "a") == SHAPE
    assert logits_of(tiny).tobytes() == base.tobytes()
    assert all(not np.array(v).any() for k, v in load_adapter(tmp_path / "a").items() if k.endswith("lora_b"))


def test_a_fresh_adapter_is_drawn_like_mlx_lms_own_and_depends_on_the_seed_alone(tiny: LoadedModel) -> None:
    add_lora(tiny.model, SHAPE, seed=5)
    theirs = {name: np.abs(np.array(value)).max() for name, value in adapter_weights(tiny.model).items()}
    start_adapter(tiny, SHAPE, 1, None)
    first = adapter_weights(tiny.model)
    for name, value in first.items():
        bound = value.shape[0] ** -0.5 if name.endswith("lora_a") else 0.0
        assert np.abs(np.array(value)).max() <= bound
        assert theirs[name] <= bound
        assert np.abs(np.array(value)).max() >= 0.6 * bound
    start_adapter(tiny, SHAPE, 2, None)
    assert not same_bits(adapter_weights(tiny.model), first)
    start_adapter(tiny, SHAPE, 1, None)
    assert same_bits(adapter_weights(tiny.model), first)
    anew = load_base(tiny.folder)
    start_adapter(anew, SHAPE, 1, None)
    assert same_bits(adapter_weights(anew.model), first)


def test_the_model_answers_as_its_base_or_as_the_adapter_in_use(tiny: LoadedModel, tmp_path: Path) -> None:
    base = logits_of(tiny)
    use_base(tiny.model)
    assert logits_of(tiny).tobytes() == base.tobytes()
    trained(tiny, tmp_path / "a")
    after = logits_of(tiny)
    assert not np.array_equal(after, base)
    use_base(tiny.model)
    assert logits_of(tiny).tobytes() == base.tobytes()
    use_adapter(tiny.model, tmp_path / "a")
    assert logits_of(tiny).tobytes() == after.tobytes()


def test_an_adapter_of_another_rank_takes_the_place_of_the_one_before(tiny: LoadedModel, tmp_path: Path) -> None:
    other = load_base(tiny.folder)
    start_adapter(other, LoraShape(3, 2.0), 0, None)
    save_adapter(tmp_path / "wide", adapter_weights(other.model), LoraShape(3, 2.0), "base")
    start_adapter(tiny, SHAPE, 0, None)
    use_adapter(tiny.model, tmp_path / "wide")
    shapes = {name: weight.shape for name, weight in adapter_weights(tiny.model).items()}
    assert shapes == {name: weight.shape for name, weight in adapter_weights(other.model).items()}
