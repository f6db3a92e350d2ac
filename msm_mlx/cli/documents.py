"""`msm-mlx documents`: writes documents, and has commands about their plan and the result."""

from __future__ import annotations

import click

from msm_mlx.cli.lazy import LazyGroup

COMMANDS = {
    "write": "msm_mlx.cli.run:documents",
    "plan": "msm_mlx.cli.plan",
    "try": "msm_mlx.cli.try_documents:try_documents",
    "health": "msm_mlx.cli.corpus",
    "read": "msm_mlx.cli.corpus",
}
WRITE = "write"


class DocumentsGroup(LazyGroup):
    """Takes an argument that is not one of its commands as the recipe to write documents for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        reserved = {*self.modules, *ctx.help_option_names}
        if args and args[0] not in reserved:
            args = [WRITE, *args]
        return super().parse_args(ctx, args)


@click.group(cls=DocumentsGroup, modules=COMMANDS, subcommand_metavar="RECIPE | COMMAND [ARGS]...")
def documents() -> None:
    """Plan and write the documents that explain the spec.

    `msm-mlx documents RECIPE` is short for `msm-mlx documents write RECIPE`, whose help lists the options.
    """
