"""The model that a quantised base was made of, and the proof that it is that one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from msm_mlx.errors import RecipeError, SetupError
from msm_mlx.export.base_model import is_quantised, read_config
from msm_mlx.export.language_model import kind_of, open_language_model, settings_of, weights_of
from msm_mlx.models.hub import ModelRef, resolve_model
from msm_mlx.runs.finished import FinishedRun

Quantisation = dict[str, Any]
"""How a tensor is quantised: its `group_size`, `bits` and `mode`, as mlx calls them."""
ROWS = 128  # of a matrix that are compared
EXPLAINED = 0.995
"""The least share of weights that lie no further apart than quantising them explains."""
ROUNDING = 2**-8
"""Of the largest relative error of a bfloat16, twice."""
_UNLIKE = ("model_type", "rope_scaling", "rope_parameters", "max_position_embeddings")  # that conversions rewrite


def silent(line: str) -> None:
    """Discard the line."""


def find_original(run: FinishedRun, base: ModelRef, name: str | None, say: Callable[[str], None] = silent) -> ModelRef:
    """The model to add an adapter to: the base, or the model of this `name` that it was made of, downloaded if
    necessary, of which `say` is told.

    Raises:
        RecipeError: if the base is quantised and no `name` is given, or that model is quantised itself.
        SetupError: if it is not there, or the base was not made of it.
    """
    if name is None:
        if is_quantised(read_config(base)):
            raise RecipeError(
                f"{run.model.pinned}: is quantised, so that most of an adapter would be rounded away; name the model "
                "that it was made from with --base, as --base Qwen/Qwen3-8B or a folder, or take --format mlx, peft or "
                "gguf-lora, which keep base and adapter apart"
            )
        return base
    original = resolve_model(name, say=say)
    if is_quantised(read_config(original)):
        raise RecipeError(f"--base {name}: is quantised itself; name the model that it was made from")
    say(f"{name}: comparing its weights with those of {base.name}")
    check_made_of(base, original)
    return original


def check_made_of(base: ModelRef, original: ModelRef) -> None:
    """Check that `base` is `original`, quantised or as it is: same settings, same tensors, same weights but for what
    quantising changes.

    Raises:
        SetupError: with the first difference.
    """
    if problem := _structure_problem(base.folder, original.folder) or _weights_problem(base.folder, original.folder):
        raise SetupError(
            f"--base {original.name}: {base.name} was not made of it: {problem}; name its original, or take --format "
            "mlx, peft or gguf-lora, which keep base and adapter apart"
        )


def _structure_problem(base: Path, original: Path) -> str:
    ours, theirs = open_language_model(base), open_language_model(original)
    if kind_of(ours) != kind_of(theirs):
        return f"it is a {kind_of(theirs)} and not a {kind_of(ours)}"
    settings = settings_of(theirs)
    for name, value in settings_of(ours).items():
        if name not in _UNLIKE and settings[name] != value:
            return f"its {name} is {settings[name]} and not {value}"
    shapes, expected = _shapes(theirs), _shapes(ours)
    for name in sorted(shapes.keys() | expected.keys()):
        if shapes.get(name) != expected.get(name):
            return f"its {name} is {shapes.get(name, 'missing')} and not {expected.get(name, 'there')}"
    return ""


def _shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """Of all tensors, as if none were quantised."""
    shapes = {name: value.shape for name, value in weights_of(model).items()}
    for name, options in _quantisations(model).items():
        stem = name.removesuffix("weight")
        shapes.pop(f"{stem}scales")
        shapes.pop(f"{stem}biases", None)
        *rows, columns = shapes[name]
        shapes[name] = (*rows, columns * 32 // options["bits"])
    return shapes


def _quantisations(model: nn.Module) -> dict[str, Quantisation]:
    """Of every quantised tensor, by its name."""
    return {
        f"{name}.weight": {"group_size": layer.group_size, "bits": layer.bits, "mode": layer.mode}
        for name, layer in cast("Iterable[tuple[str, Any]]", model.named_modules())
        if "scales" in layer
    }


def _weights_problem(base: Path, original: Path) -> str:
    """The tensor that differs most, in words, if it differs by more than rounding. Each is let go when it was read."""
    quantisations = _quantisations(open_language_model(base))
    ours, theirs = weights_of(open_language_model(base)), weights_of(open_language_model(original))
    shares = {}
    for name in list(theirs):
        stem, options = name.removesuffix("weight"), quantisations.get(name)
        parts = [name, f"{stem}scales", f"{stem}biases"] if options else [name]
        shares[name] = _explained(options, [ours.pop(part) for part in parts if part in ours], theirs.pop(name))
    name, share = min(shares.items(), key=lambda each: each[1])
    return "" if share >= EXPLAINED else f"{1 - share:.1%} of {name} is further from it than rounding explains"


def _explained(options: Quantisation | None, parts: list[mx.array], original: mx.array) -> float:
    """The share of weights that quantising, or another type of numbers, explains.

    A quantised weight lies within half a step of its original, or has the number of the nearest step: where scales were
    learned after rounding, that number has stayed.
    """
    original, *parts = [_some_rows(array) for array in (original, *parts)]
    wanted = original.astype(mx.float32)
    if options is None:
        return _share(mx.abs(parts[0].astype(mx.float32) - wanted) <= mx.abs(wanted) * ROUNDING + 1e-6)
    values = _values(parts, options)
    if options["mode"] != "affine":  # floating-point codes, whose steps grow with the value
        return _share(values == _values(mx.quantize(original, **options), options))
    groups = (wanted.shape[0], -1, options["group_size"])
    largest = mx.abs(wanted).reshape(groups).max(axis=-1, keepdims=True)  # (rows, groups, 1)
    step = mx.abs(parts[1].astype(mx.float32))[..., None]  # (rows, groups, 1)
    near = mx.abs(values - wanted).reshape(groups) <= step / 2 + largest * ROUNDING * 2
    same = _codes(parts, options) == _codes(mx.quantize(original, **options), options)
    return _share(near | same.reshape(groups))


def _some_rows(array: mx.array) -> mx.array:
    """As many as are compared, evenly spread: (rows, columns)."""
    rows = array.reshape(-1, array.shape[-1])
    return rows[:: max(1, rows.shape[0] // ROWS)]


def _values(parts: Sequence[mx.array], options: Quantisation) -> mx.array:
    """The weights that were quantised, as far as that left them: (rows, columns)."""
    weight, scales, *biases = parts
    return mx.dequantize(weight, scales, biases[0] if biases else None, **options).astype(mx.float32)


def _codes(parts: Sequence[mx.array], options: Quantisation) -> mx.array:
    """The number of the step that each weight was rounded to."""
    weight, scales, biases = parts
    return mx.dequantize(weight, mx.ones_like(scales), mx.zeros_like(biases), **options)


def _share(holds: mx.array) -> float:
    return float(np.array(holds.astype(mx.float32).mean()))
