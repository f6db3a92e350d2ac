"""`msm-mlx push`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text

from msm_mlx.cli.completion import RUN, complete_arm
from msm_mlx.cli.offline import offline_option
from msm_mlx.cli.output import err, out, print_json
from msm_mlx.console.tables import ConsoleTable
from msm_mlx.export.repositories import HubUpload, prepare_uploads
from msm_mlx.models.hub import human_size
from msm_mlx.runs.finished import open_run
from msm_mlx.text.terminal import literal


@click.command()
@click.argument("run", type=RUN)
@click.option(
    "--repo", required=True, metavar="USER/NAME", help="Repository for the adapters; the data go to NAME-data."
)
@click.option(
    "--arm",
    "labels",
    multiple=True,
    metavar="LABEL",
    shell_complete=complete_arm,
    help="This arm's adapters only; repeatable.",
)
@click.option("--seed", type=int, help="Of this seed only.")
@click.option("--no-data", is_flag=True, help="Leave documents and demonstrations out.")
@click.option("--public", is_flag=True, help="For everybody to see. Default: private.")
@click.option("--dry-run", is_flag=True, help="List the files, and send nothing.")
@offline_option
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON on stdout.")
def push(
    run: Path,
    repo: str,
    labels: tuple[str, ...],
    seed: int | None,
    no_data: bool,
    public: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Put a run on the Hugging Face hub.

    Adapters, specs, recipe, results and data, with a page that describes them.

    \b
    Examples:
      msm-mlx push runs/cheese_american --repo me/cheese --dry-run
      msm-mlx push runs/cheese_american --repo me/cheese --arm msm+sft --arm sft
    """
    from msm_mlx.export.push import check_repo
    from msm_mlx.export.push import push as send

    check_repo(repo)
    finished = open_run(run)
    uploads = prepare_uploads(finished, finished.choose(labels, seed), repo, with_data=not no_data)
    commits = [] if dry_run else send(uploads, public=public, say=lambda line: err().print(literal(line)))
    if as_json:
        print_json(_plain(uploads, public, commits))
    elif dry_run:
        _show(uploads, public)
    else:
        for commit in commits:
            print(commit)


def _show(uploads: Sequence[HubUpload], public: bool) -> None:
    for upload in uploads:
        sizes = {name: upload.size(name) for name in upload.files}
        title = f"{upload.repo} ({upload.kind}, {'public' if public else 'private'}), {human_size(sum(sizes.values()))}"
        out().print(Text(title))
        table = ConsoleTable("file", "size")
        for name, size in sizes.items():
            table.add_row(Text(name), Text(human_size(size)))
        out().print(table)


def _plain(uploads: Sequence[HubUpload], public: bool, commits: Sequence[str]) -> dict[str, object]:
    repositories = [
        {"repo": upload.repo, "type": upload.kind, "files": {name: upload.size(name) for name in upload.files}}
        for upload in uploads
    ]
    return {"private": not public, "repositories": repositories, "commits": list(commits)}
