"""`msm-mlx documents`: writes documents, and has commands about their plan and the result."""

from __future__ import annotations

import click

from msm_mlx.cli.lazy import LazyCommand, LazyGroup

COMMANDS = {
    "write": LazyCommand("msm_mlx.cli.run:documents", "Write the documents that explain the spec."),
    "plan": LazyCommand("msm_mlx.cli.plan", "Plan the documents and say what they will cost."),
    "try": LazyCommand("msm_mlx.cli.try_documents:try_documents", "Show a few drafts with what every check says."),
    "health": LazyCommand("msm_mlx.cli.corpus", "Say what a run's documents are like, beside corpora that worked."),
    "read": LazyCommand("msm_mlx.cli.corpus", "Page through a run's documents."),
}
WRITE = "write"


class DocumentsGroup(LazyGroup):
    """Takes an argument that is not one of its commands as the recipe to write documents for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        reserved = {*self.lazy, *ctx.help_option_names}
        if args and args[0] not in reserved:
            args = [WRITE, *args]
        return super().parse_args(ctx, args)


@click.group(cls=DocumentsGroup, sections={"Commands": COMMANDS}, subcommand_metavar="RECIPE | COMMAND [ARGS]...")
def documents() -> None:
    """Write the documents that explain the spec, or read them.

    `msm-mlx documents RECIPE` is short for `msm-mlx documents write RECIPE`, whose help lists the options.
    """
