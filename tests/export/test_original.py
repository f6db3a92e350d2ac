"""What a quantised base was made of is told from its relatives, and everything else is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
import pytest
from helpers.exports import quantised
from helpers.lookalike_models import save_lookalike

from msm_mlx.errors import SetupError
from msm_mlx.export.original import check_made_of
from msm_mlx.models.hub import ModelRef, resolve_model

Change = Callable[[str, mx.array], mx.array]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_lookalike(tmp_path_factory.mktemp("models") / "original", "qwen3", chat=True, bits=None)


def changed(folder: Path, out: Path, change: Change, **config: Any) -> ModelRef:
    """The model in `folder` with its tensors changed, and its configuration too."""
    shutil.copytree(folder, out)
    path = out / "model.safetensors"
    weights = {name: change(name, value) for name, value in cast("dict[str, mx.array]", mx.load(str(path))).items()}
    mx.eval(weights)
    mx.save_safetensors(str(path), weights, {"format": "mlx"})
    settings = json.loads((out / "config.json").read_text()) | config
    (out / "config.json").write_text(json.dumps(settings))
    return resolve_model(str(out))


def as_it_is(name: str, value: mx.array) -> mx.array:
    return value


def noisy(share: float) -> Change:
    """Noise of this share of the spread of each matrix, as further training leaves it."""

    def change(name: str, value: mx.array) -> mx.array:
        noise = mx.random.normal(value.shape, key=mx.random.key(len(name))) * value.std() * share
        return value + noise if value.ndim == 2 else value

    return change


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16])
def test_the_original_is_taken_in_any_type(bits: int, dtype: mx.Dtype, original: Path, tmp_path: Path) -> None:
    base = resolve_model(str(quantised(original, tmp_path / "base", bits)))

    check_made_of(base, changed(original, tmp_path / "other", lambda name, value: value.astype(dtype)))


def test_scales_that_were_learned_after_rounding_are_no_difference(original: Path, tmp_path: Path) -> None:
    def learn(name: str, value: mx.array) -> mx.array:
        return value * 1.05 if name.endswith(("scales", "biases")) else value

    base = changed(quantised(original, tmp_path / "rounded"), tmp_path / "learned", learn)
    check_made_of(base, resolve_model(str(original)))


def test_a_copy_that_is_not_quantised_is_one(original: Path, tmp_path: Path) -> None:
    base = changed(original, tmp_path / "half", lambda name, value: value.astype(mx.float16))
    check_made_of(base, resolve_model(str(original)))


def norms_moved(name: str, value: mx.array) -> mx.array:
    return value * 1.1 if name == "model.norm.weight" else value


@pytest.mark.parametrize(
    ("change", "config", "told"),
    [
        (noisy(0.03), {}, r"\d+\.\d% of model\.\S+ is further from it than rounding explains"),
        (noisy(3.0), {}, r"9\d\.\d% of model\.\S+ is further from it than rounding explains"),
        (norms_moved, {}, r"100\.0% of model\.norm\.weight is further from it"),
        (as_it_is, {"rope_theta": 5e5}, r"its rope_theta is 500000\.0 and not 10000\.0"),
        (as_it_is, {"rms_norm_eps": 1e-5}, "its rms_norm_eps is 1e-05 and not 1e-06"),
    ],
)
def test_a_relative_is_refused(
    change: Change, config: dict[str, Any], told: str, original: Path, tmp_path: Path
) -> None:
    base = resolve_model(str(quantised(original, tmp_path / "base")))
    with pytest.raises(SetupError, match=rf"--base .*other: .*base was not made of it: {told}.*name its original"):
        check_made_of(base, changed(original, tmp_path / "other", change, **config))


def test_another_model_is_refused(original: Path, tmp_path: Path) -> None:
    base = resolve_model(str(quantised(original, tmp_path / "base")))
    other = resolve_model(str(save_lookalike(tmp_path / "other", "llama", chat=True, bits=None)))
    with pytest.raises(SetupError, match="was not made of it: it is a llama and not a qwen3"):
        check_made_of(base, other)
