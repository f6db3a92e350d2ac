"""`msm-mlx export`."""

from __future__ import annotations

from pathlib import Path

import click

from msm_mlx.cli.completion import RUN, complete_arm
from msm_mlx.cli.offline import offline_option
from msm_mlx.cli.output import err, print_json
from msm_mlx.errors import RecipeError
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.finished import FinishedRun, open_run
from msm_mlx.text.terminal import literal


@click.command()
@click.argument("run", type=RUN)
@click.option(
    "--arm", "label", metavar="LABEL", shell_complete=complete_arm, help="The variant to export, as `compare` calls it."
)
@click.option("--seed", type=int, help="Trained with this seed. Default: the first.")
@click.option("--format", "layout", type=click.Choice(["mlx", "peft", "fused"]), help="Layout of the adapter.")
@click.option("--base", metavar="NAME", help="What PyTorch calls the base: the original of a quantised one.")
@click.option("--data", is_flag=True, help="Documents, demonstrations and settings for TRL instead.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Default: a folder in RUN/export.")
@offline_option
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON on stdout.")
def export(
    run: Path,
    label: str | None,
    seed: int | None,
    layout: str | None,
    base: str | None,
    data: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Write a variant, or its data, for other tools.

    An adapter is read back after writing, and its logits compared with the run's. `mlx` is what mlx_lm reads,
    `peft` what transformers and vLLM read, `fused` a whole model, from a base that is not quantised; llama.cpp's
    convert_hf_to_gguf.py makes a GGUF file of it. `--data` writes what trains it on a bigger machine.

    \b
    Examples:
      msm-mlx export runs/cheese_american --arm msm+sft --format peft
      msm-mlx export runs/cheese_american --arm msm+sft --seed 1 --format fused --out my-model
      msm-mlx export runs/cheese_american --data --arm msm+sft
    """
    if data == bool(layout):
        raise RecipeError("say either --format mlx, peft or fused, or --data")
    if base and not (data or layout == "peft"):
        raise RecipeError("--base goes with --format peft and with --data")
    finished = open_run(run)
    variant = _choose(finished, label, seed)
    outcome = _data(finished, variant, base, out) if data else _variant(finished, variant, str(layout), base, out)
    if as_json:
        print_json(outcome)


def _choose(run: FinishedRun, label: str | None, seed: int | None) -> Variant:
    if label is None:
        labels = dict.fromkeys(variant.label for variant in run.choose([]))
        raise RecipeError(f"--arm is missing; there are {', '.join(labels)}")
    return run.choose([label], seed)[0]


def _variant(run: FinishedRun, variant: Variant, layout: str, base: str | None, out: Path | None) -> dict[str, object]:
    from msm_mlx.export.adapter import FORMATS, export_variant

    format = next(each for each in FORMATS if each == layout)
    folder = out or run.folder / "export" / f"{variant.id}-{format}"
    exported = export_variant(run, variant, run.base(), format, folder, base_label=base)
    err().print(
        literal(
            f"{variant.id} is in {folder}. Read back, its logits differ from the run's by at most "
            f"{exported.difference:.1e}; the adapter changes them by up to {exported.effect:.1e}."
        )
    )
    check = {"difference": exported.difference, "effect": exported.effect}
    return {"variant": variant.id, "format": format, "folder": str(folder), **check}


def _data(run: FinishedRun, variant: Variant, base: str | None, out: Path | None) -> dict[str, object]:
    from msm_mlx.export.trl import export_data

    folder = out or run.folder / "export" / f"{variant.id}-trl"
    commands = export_data(run, variant, run.base(), folder, base_label=base)
    err().print(literal(f"The data of {variant.id} are in {folder}. Train there with"))
    for command in commands:
        err().print(literal(f"  {command}"), soft_wrap=True)
    return {"variant": variant.id, "folder": str(folder), "commands": commands}
