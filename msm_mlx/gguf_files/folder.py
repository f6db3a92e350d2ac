"""Imports a GGUF file: reads and checks all of it, then writes the folder, whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from errno import EDQUOT, ENOSPC
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.files import HOME, free_space, write_json
from msm_mlx.gguf_files.architectures import ModelConfig, architecture_of, model_config
from msm_mlx.gguf_files.source import GgufSource
from msm_mlx.gguf_files.tokenizer import build_tokenizer
from msm_mlx.gguf_files.vocabulary import read_vocabulary
from msm_mlx.gguf_files.weights import NamedTensor, name_tensors, size_of, write_weights
from msm_mlx.models.hub import human_size
from msm_mlx.text.wording import error_line

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

GROUP = 64  # weights that share a scale, when quantised
_SAMPLING = {"temp": "temperature", "top_k": "top_k", "top_p": "top_p", "min_p": "min_p"}


@dataclass(frozen=True)
class ImportedModel:
    """All that the folder will hold, found in a GGUF file and checked; nothing is written yet."""

    source: GgufSource
    config: ModelConfig
    generation: dict[str, Any]
    tokenizer: PreTrainedTokenizerFast
    tensors: Sequence[NamedTensor]

    @property
    def quantisations(self) -> str:
        """What the weights of the file are stored as."""
        kinds = dict.fromkeys(tensor.source.quantisation for tensor in self.tensors if len(tensor.source.shape) > 1)
        return ", ".join(kinds)


def read_model(source: GgufSource) -> ImportedModel:
    """Find out what becomes of the file.

    Raises:
        SetupError: if it cannot be imported, with the reason.
    """
    try:
        return _read(source)
    except MsmError:
        raise
    except Exception as error:  # a file of somebody else's may hold anything, also what tokenizers does not foresee
        raise source.problem(f"does not hold together ({error_line(error)})", "choose another model") from error


def _read(source: GgufSource) -> ImportedModel:
    architecture = architecture_of(source)
    config = model_config(source, architecture)
    vocabulary = read_vocabulary(source)
    tokens: ModelConfig = {
        f"{name}_token_id": vocabulary.special[name] for name in ("bos",) if name in vocabulary.special
    }
    ends = vocabulary.ends
    tokens["eos_token_id"] = ends if len(ends) > 1 else ends[0]
    return ImportedModel(
        source,
        config | tokens,
        tokens | _sampling(source),
        build_tokenizer(source, vocabulary, config["max_position_embeddings"]),
        name_tensors(source, architecture, config),
    )


def _sampling(source: GgufSource) -> dict[str, Any]:
    """How the model's makers would sample, where the file says so."""
    values = {key: source.metadata.get(f"general.sampling.{name}") for name, key in _SAMPLING.items()}
    sampling = {key: round(value, 6) for key, value in values.items() if value is not None}
    return sampling | ({"do_sample": True} if sampling else {})


def write_model(
    model: ImportedModel, folder: Path, *, dtype: str, bits: int | None = None, say: Callable[[str], None]
) -> None:
    """Write the folder; with `bits`, the weights quantised to as many.

    Raises:
        RecipeError: if there is something of that name.
        SetupError: if there is no room for it, or a value does not fit into `dtype`.
    """
    refuse_existing(folder)
    size = size_of(model.tensors, dtype)
    _check_space(folder, size * 2 if bits else size)
    say(f"{model.source.path.name}: {model.source.architecture}, {model.quantisations}; writing {human_size(size)}")
    with _whole_folder(folder) as partial:
        write_weights(partial, model.tensors, dtype)
        write_json(partial / "config.json", model.config | {"torch_dtype": dtype})
        write_json(partial / "generation_config.json", model.generation)
        model.tokenizer.save_pretrained(partial)
        if bits:
            _quantise(partial, bits)


def refuse_existing(folder: Path) -> None:
    """Raises RecipeError if there is something of that name."""
    if folder.exists():
        raise RecipeError(f"{folder}: is there already; give another --name, or remove it first")


def _check_space(folder: Path, size: int) -> None:
    free = free_space(folder)
    if size > free:
        need = f"{human_size(size)} are needed, {human_size(free)} are free"
        raise SetupError(f"{folder.parent}: there is no room for the model: {need}; free some space")


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to write to, which takes the name of `folder` when the block ends well, and else is removed."""
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        yield partial
        os.replace(partial, folder)
    except OSError as error:
        remedy = (
            "free some space" if error.errno in (ENOSPC, EDQUOT) else f"point {HOME} to a folder that can be written"
        )
        raise SetupError(f"{folder}: cannot be written: {error.strerror or error}; {remedy}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _quantise(folder: Path, bits: int) -> None:
    """Put quantised weights in the place of those in the folder."""
    from mlx_lm.utils import load_model, quantize_model, save_config, save_model

    model, config = load_model(folder, lazy=True)
    with redirect_stdout(StringIO()):  # it prints how many bits that makes
        model, config = quantize_model(model, config, GROUP, bits)
    quantised = folder / "quantised"
    save_model(quantised, model, donate_model=True)
    for path in folder.glob("model*"):
        path.unlink()
    for path in list(quantised.iterdir()):
        path.rename(folder / path.name)
    quantised.rmdir()
    save_config(config, folder / "config.json")
