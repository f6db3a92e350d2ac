"""`msm-mlx models import`."""

from __future__ import annotations

from pathlib import Path

import click

from msm_mlx.cli.output import err, out
from msm_mlx.errors import RecipeError
from msm_mlx.models.hub import models_home
from msm_mlx.text.commands import command
from msm_mlx.text.terminal import literal


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--name", help="What --model will call it; by default the name of the file.")
@click.option("--quantize", type=click.Choice(["4", "8"]), help="Quantise the weights anew, to so many bits.")
@click.option(
    "--dtype",
    type=click.Choice(["float16", "bfloat16", "float32"]),
    help="How the weights are kept; by default float16 on a Mac, and float32 where mlx computes on the CPU.",
)
def import_model(file: Path, name: str | None, quantize: str | None, dtype: str | None) -> None:
    """Make a model folder of a GGUF FILE, as Ollama, LM Studio and llama.cpp have them.

    It is written to models/NAME in the working folder or in $MSM_MLX_HOME, and `--model NAME` then stands for it.
    Models of the architectures llama (Mistral, SmolLM2 and others too), qwen2, qwen3 and gemma3 can be imported, in
    every quantisation that llama.cpp's own package reads; of a split model, name one part. What Ollama calls a model is
    a file too: `ollama show --modelfile MODEL` tells its path.
    """
    if name is not None and (not name or Path(name).name != name or name.startswith(".")):
        raise RecipeError(
            f"--name {name}: must be the name of a folder, which is made in {models_home()}; choose one without /"
        )
    from msm_mlx.gguf_files.folder import read_model, refuse_existing, write_model
    from msm_mlx.gguf_files.source import model_name, open_source
    from msm_mlx.resources.machine import this_machine

    source = open_source(file)
    folder = models_home() / (name or model_name(source))
    refuse_existing(folder)
    default = "float32" if this_machine().backend == "cpu" else "float16"
    bits = int(quantize) if quantize else None
    write_model(read_model(source), folder, dtype=dtype or default, bits=bits, say=_say)
    out().print(literal(str(folder)), soft_wrap=True)
    trial = command("msm-mlx", "models", folder.name)
    _say(f"`--model {folder.name}` stands for it; `{trial}` tells what works with it.")


def _say(line: str) -> None:
    err().print(literal(line), soft_wrap=True)
