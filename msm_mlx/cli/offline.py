"""`--offline`, for every command that could reach for the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from msm_mlx.models.hub import go_offline


def offline_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the option, which takes effect before the other arguments are looked at, and is not handed on."""
    return click.option(
        "--offline",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=lambda ctx, param, asked: go_offline() if asked else None,
        help="Use no network: hub models from the cache only.",
    )(function)
