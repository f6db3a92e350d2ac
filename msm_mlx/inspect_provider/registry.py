"""What Inspect finds through its entry point. It looks here for every model, so nothing of mlx is imported yet."""

from __future__ import annotations

from inspect_ai.model import ModelAPI, modelapi


@modelapi(name="msm-mlx")  # type: ignore[untyped-decorator]  # of an extra
def msm_mlx() -> type[ModelAPI]:
    from msm_mlx.inspect_provider.provider import ArmAPI

    return ArmAPI
