"""`msm-mlx export`."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import click

from msm_mlx.cli.completion import RUN, complete_arm
from msm_mlx.cli.offline import offline_option
from msm_mlx.cli.output import err, print_json
from msm_mlx.errors import RecipeError, SetupError
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.finished import FinishedRun, open_run
from msm_mlx.runs.layout import RESULTS
from msm_mlx.text.commands import command
from msm_mlx.text.terminal import literal

LAYOUTS = ("mlx", "peft", "fused", "gguf", "gguf-lora", "inspect")


@click.command()
@click.argument("run", type=RUN)
@click.option(
    "--arm", "label", metavar="LABEL", shell_complete=complete_arm, help="The variant to export, as `compare` calls it."
)
@click.option("--seed", type=int, help="Trained with this seed. Default: the first; for logs all.")
@click.option("--format", "layout", type=click.Choice(LAYOUTS), help="An adapter, a whole model, or logs.")
@click.option(
    "--base", metavar="NAME", help="The original of a quantised base: OWNER/NAME, or for a whole model a folder too."
)
@click.option("--outtype", type=click.Choice(["f16", "q8_0"]), help="How a GGUF file keeps weights. Default: f16.")
@click.option("--data", is_flag=True, help="Documents, demonstrations and settings for TRL instead.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Default: a folder in RUN/export; for logs RUN/evaluation.",
)
@offline_option
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON on stdout.")
def export(
    run: Path,
    label: str | None,
    seed: int | None,
    layout: str | None,
    base: str | None,
    outtype: str | None,
    data: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Write a trained model, or its data, for other tools.

    What is written is read back, and its logits compared. Adapters: `mlx` is what mlx_lm reads, `peft` what
    transformers and vLLM read, `gguf-lora` what llama.cpp reads. Whole models: `fused` is a folder, `gguf` a file for
    llama.cpp, Ollama and LM Studio with a Modelfile beside it. If the base is quantised, `--base` names the model that
    it was made from, which the adapter is then added to. `--data` writes what trains it on a bigger machine. `inspect`
    writes the answers of the evaluation, of all variants if none is named, as logs for `inspect view`.

    \b
    Examples:
      msm-mlx export runs/cheese_american --arm msm+sft --format peft
      msm-mlx export runs/cheese_american --arm msm+sft --seed 1 --format fused --out my-model
      msm-mlx export runs/mine --arm msm+sft --format gguf --base Qwen/Qwen3-8B --outtype q8_0
      msm-mlx export runs/cheese_american --data --arm msm+sft
      msm-mlx export runs/cheese_american --format inspect
    """
    if data == bool(layout):
        raise RecipeError(
            f"--format, --data: one is needed; add --data, or --format {', '.join(LAYOUTS[:-1])} or {LAYOUTS[-1]}"
        )
    if base and layout in ("mlx", "gguf-lora", "inspect"):
        raise RecipeError("--base: only --format peft, fused and gguf and --data take it; leave it out")
    if outtype and layout != "gguf":
        raise RecipeError("--outtype: only --format gguf takes it; leave it out")
    finished = open_run(run)
    outcome: dict[str, object]
    if layout == "inspect":
        outcome = _logs(finished, label, seed, out)
    elif data:
        outcome = _data(finished, _choose(finished, label, seed), base, out)
    elif layout == "gguf":
        outcome = _gguf(finished, _choose(finished, label, seed), base, outtype or "f16", out)
    else:
        outcome = _variant(finished, _choose(finished, label, seed), str(layout), base, out)
    if as_json:
        print_json(outcome)


def _choose(run: FinishedRun, label: str | None, seed: int | None) -> Variant:
    if label is None:
        labels = dict.fromkeys(variant.label for variant in run.choose([]))
        raise RecipeError(f"--arm: is missing; there are {', '.join(labels)}")
    return run.choose([label], seed)[0]


def _variant(run: FinishedRun, variant: Variant, layout: str, base: str | None, out: Path | None) -> dict[str, object]:
    from msm_mlx.export.adapter import FORMATS, export_variant

    format = next(each for each in FORMATS if each == layout)
    folder = out or run.folder / "export" / f"{variant.id}-{format}"
    exported = export_variant(run, variant, run.base(), format, folder, base_label=base, original_name=base, say=_say)
    err().print(
        literal(
            f"{variant.id} is in {folder}. Read back, its logits differ from the run's by at most "
            f"{exported.difference:.1e}; the adapter changes them by up to {exported.effect:.1e}."
        )
    )
    check = {"difference": exported.difference, "effect": exported.effect}
    return {"variant": variant.id, "format": format, "folder": str(folder), **check}


def _gguf(run: FinishedRun, variant: Variant, base: str | None, outtype: str, out: Path | None) -> dict[str, object]:
    from msm_mlx.export.gguf import export_gguf
    from msm_mlx.gguf_files.write import OUT_TYPES

    out_type = next(each for each in OUT_TYPES if each == outtype)
    folder = out or run.folder / "export" / f"{variant.id}-gguf"
    exported = export_gguf(run, variant, run.base(), folder, original_name=base, out_type=out_type, say=_say)
    err().print(
        literal(
            f"{variant.id} is in {exported.file}. Read back, its logits differ from the fused model's by at most "
            f"{exported.difference:.1e}; the adapter changes them by up to {exported.effect:.1e}."
        )
    )
    for note in exported.notes:
        err().print(literal(f"Note: {note}."))
    for program, line in exported.commands.items():
        err().print(literal(f"{program}:  {line}"), soft_wrap=True)
    return {
        "variant": variant.id,
        "format": "gguf",
        "folder": str(folder),
        "file": str(exported.file),
        "difference": exported.difference,
        "effect": exported.effect,
        "notes": list(exported.notes),
        "commands": dict(exported.commands),
    }


def _logs(run: FinishedRun, label: str | None, seed: int | None, out: Path | None) -> dict[str, object]:
    if not importlib.util.find_spec("inspect_ai"):
        raise SetupError("--format inspect: needs inspect-ai; install it with `pip install 'msm-mlx[inspect]'`")
    from msm_mlx.export.inspect_log import write_logs
    from msm_mlx.export.transcripts import answered_variants

    folder = out or run.folder / Path(RESULTS).parent
    files = write_logs(run, answered_variants(run, label, seed), folder)
    err().print(literal(f"{len(files)} logs are in {folder}. To read them:"))
    err().print(literal(f"  {command('inspect', 'view', '--log-dir', folder)}"), soft_wrap=True)
    return {"format": "inspect", "folder": str(folder), "files": list(map(str, files))}


def _say(line: str) -> None:
    err().print(literal(line), soft_wrap=True)


def _data(run: FinishedRun, variant: Variant, base: str | None, out: Path | None) -> dict[str, object]:
    from msm_mlx.export.trl import export_data

    folder = out or run.folder / "export" / f"{variant.id}-trl"
    commands = export_data(run, variant, run.base(), folder, base_label=base)
    err().print(literal(f"The data of {variant.id} are in {folder}. Train there with"))
    for line in commands:
        err().print(literal(f"  {line}"), soft_wrap=True)
    return {"variant": variant.id, "folder": str(folder), "commands": commands}
