"""What a recipe may say about the sampling of replies."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from msm_mlx.settings_file.base import Count, Fraction, InKey, PositiveNumber, Settings

SAMPLED = InKey("plan", "documents", "control", "demonstrations", "evaluate")  # the stages that sample replies
HOTTEST = 2.0


def _is_no_noise(temperature: float) -> float:
    if temperature > HOTTEST:
        raise ValueError(
            f"must be at most {HOTTEST:g}, not {temperature:g}: hotter than that, models write noise; 0.7 to 1 is usual"
        )
    return temperature


NoNoise = AfterValidator(_is_no_noise)
"""Bounds a temperature where the servers that people know bound it."""


class SamplingSettings(Settings):
    """How replies are sampled. What is not said is as the model's generation_config.json has it."""

    temperature: Annotated[PositiveNumber, NoNoise, SAMPLED] = 1.0
    """Sampling temperature."""
    top_p: Annotated[float, Field(gt=0, le=1), SAMPLED] = 1.0
    """The likeliest tokens are drawn from, until they have this share of the probability."""
    top_k: Annotated[Count, SAMPLED] = 0
    """The most tokens that are drawn from; 0 sets no limit."""
    min_p: Annotated[Fraction, SAMPLED] = 0.0
    """A token is drawn if it has this share of the likeliest one's probability."""
