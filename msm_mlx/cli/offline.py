"""`--offline`, for every command that may use the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from msm_mlx.models.hub import go_offline


def offline_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the option. It takes effect before other arguments are parsed, and is not passed to the command."""
    return click.option(
        "--offline",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=lambda ctx, param, is_set: go_offline() if is_set else None,
        help="Use no network: hub models from the cache only.",
    )(function)
