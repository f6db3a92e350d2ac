"""Which architectures mlx-lm can load, and that of a model."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from msm_mlx.errors import SetupError


def architecture_of(model: object) -> str:
    """What mlx-lm calls the architecture of a model in memory."""
    return str(getattr(model, "model_type", type(model).__module__.rpartition(".")[2]))


NEED_METAL = frozenset({"bitnet"})  # computed by kernels that mlx-lm has for Metal alone
UNTRAINABLE = {
    "recurrent_gemma": "mlx-lm's class of recurrent_gemma is no complete module, so that nothing learns",
    "gemma3n": "mlx-lm's gemma3n sets weights of layers that an adapter would take the place of",
}


def untrainable_architecture(config: Mapping[str, Any]) -> str:
    """Why models of the architecture that a configuration names cannot be trained, as far as it is known unloaded."""
    return UNTRAINABLE.get(str(config.get("model_type")), "")


def require_architecture(config: Mapping[str, Any], folder: Path) -> None:
    """Raises SetupError if mlx-lm does not know the architecture that the configuration of a model names, or cannot
    compute it on this machine."""
    import mlx.core as mx
    from mlx_lm.utils import MODEL_REMAPPING

    name = config.get("model_type")
    if name is None:
        raise SetupError(
            f"model folder {folder}: names no architecture (no model_type in its config.json); copy or download the "
            "model again, or choose another"
        )
    if find_spec(f"mlx_lm.models.{MODEL_REMAPPING.get(name, name)}") is None:
        raise SetupError(
            f"model folder {folder}: has the architecture {name}, which this version of mlx-lm does not know; update "
            "mlx-lm, or choose another model"
        )
    if name in NEED_METAL and not mx.metal.is_available():
        raise SetupError(
            f"model folder {folder}: has the architecture {name}, which mlx-lm computes by kernels for Metal alone; "
            "use a Mac, or choose another model"
        )
