"""A variant as one GGUF file, for llama.cpp, Ollama and LM Studio: its adapter added to the unquantised base."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import numpy as np

from msm_mlx.errors import MsmError, SetupError
from msm_mlx.export.adapter import QUESTION
from msm_mlx.export.base_model import new_folder
from msm_mlx.export.language_model import (
    FusedModel,
    build_model,
    kind_of,
    open_language_model,
    settings_of,
    streamed_logits,
    weights_of,
)
from msm_mlx.export.modelfile import write_modelfile
from msm_mlx.export.original import find_original, silent
from msm_mlx.export.portable_template import portable_template
from msm_mlx.files import free_space, write_text
from msm_mlx.gguf_files.folder import ImportedModel, read_model
from msm_mlx.gguf_files.from_mlx import architecture_name, describe_model, read_as_imported
from msm_mlx.gguf_files.recognise import check_same, recognise
from msm_mlx.gguf_files.source import Floats, GgufSource, SourceTensor, gguf_package, open_source
from msm_mlx.gguf_files.vocabulary import Vocabulary
from msm_mlx.gguf_files.write import OutType, write_source, written_size
from msm_mlx.models.chat_renderer import ChatRenderer, load_renderer
from msm_mlx.models.hub import ModelRef, human_size
from msm_mlx.prompting.prompts import opening_chat, system_prompt
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.text.commands import command

TOLERANCE = 1e-2
"""Of logits of weights in 16 bits, relative to the largest one where that is above 1."""
QUANTISED_SHARE = 0.5
"""Of the adapter's effect, which quantised weights may change."""
MODELFILE = "Modelfile"
_FILE_TYPES = {"f16": 1, "q8_0": 7}  # llama.cpp's numbers of them


@dataclass(frozen=True)
class ExportedGguf:
    """Where a variant went. `difference` is the largest of the file's logits from those of the fused model in 32 bits,
    `effect` the largest between that and the model without the adapter."""

    file: Path
    difference: float
    effect: float
    commands: Mapping[str, str]
    """By program, what starts it there."""
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Plan:
    """All that the file will hold, found and checked; nothing is written yet."""

    source: GgufSource
    model: ImportedModel
    renderer: ChatRenderer
    fused: FusedModel
    vocabulary: Vocabulary
    note: str


def export_gguf(
    run: FinishedRun,
    variant: Variant,
    base: ModelRef,
    out: Path,
    *,
    original_name: str | None = None,
    out_type: OutType = "f16",
    tolerance: float = TOLERANCE,
    say: Callable[[str], None] = silent,
) -> ExportedGguf:
    """Write the variant as a GGUF file into the new folder `out`, read it back, and compare the logits.

    `original_name` is the model that the run's base was quantised from; `say` is told of what takes long.

    Raises:
        RecipeError or SetupError: before anything is written, if the base is none that can be written, or was not made
            of that original, or llama.cpp does not have its tokenizer.
        MsmError: if what is read back does not answer alike; `out` is not there then.
    """
    stem = re.sub(r"[^\w.+-]+", "-", f"{run.folder.name}-{variant.id}", flags=re.ASCII)
    file = f"{stem}-{out_type.upper()}.gguf"
    gguf_package(out / file)
    architecture_name(kind_of(open_language_model(base.folder)), out / file)
    original = find_original(run, base, original_name, say)
    name = f"{run.recipe.model_name} ({run.folder.name}, {variant.id})"
    general = {"general.name": name, "general.file_type": _FILE_TYPES[out_type], "general.quantization_version": 2}
    plan = _plan(out / file, base, FusedModel.of(original.folder, run.adapter(variant)), general)
    size = written_size(plan.source, out_type)
    _check_space(out, size)
    ids = plan.renderer.render(opening_chat(run.recipe.model_name, QUESTION), reply=True)
    with new_folder(out) as folder:
        say(f"{file}: writing {human_size(size)}, then comparing logits")
        write_source(plan.source, folder / file, out_type)
        system = system_prompt(run.recipe.model_name)
        modelfile = write_modelfile(
            file, plan.renderer, system=system, sampling=run.answer_sampling, adds_start=plan.vocabulary.add_bos
        )
        write_text(folder / MODELFILE, modelfile)
        difference, effect, largest = _compare(plan, folder / file, ids)
        _check(out / file, out_type, difference, effect, tolerance * max(largest, 1.0))
    commands = _commands(out, file, re.sub(r"[^a-z0-9._-]+", "-", stem.lower()), system)
    return ExportedGguf(out / file, difference, effect, commands, tuple(filter(None, [plan.note])))


def _check_space(out: Path, size: int) -> None:
    free = free_space(out)
    if size > free:
        need = f"{human_size(size)} are needed, {human_size(free)} are free"
        raise SetupError(
            f"{out}: there is no room for it: {need}; free some space, or choose another folder with --out"
        )


def _plan(path: Path, base: ModelRef, fused: FusedModel, general: Mapping[str, object]) -> _Plan:
    renderer = load_renderer(base.folder, base.choice)
    template = portable_template(renderer)
    original = open_language_model(fused.folder)
    settings, shapes = settings_of(original), {name: value.shape for name, value in weights_of(original).items()}
    tokenizer = renderer.program.tokenizer
    vocabulary = recognise(
        tokenizer,
        shapes["model.embed_tokens.weight"][0],
        stops=_stops(renderer),
        template=template.text,
        path=path,
    )
    architecture = architecture_name(kind_of(original), path)
    tensors = {tensor.name: tensor for tensor in _tensors(fused, shapes)}
    source = describe_model(path, architecture, settings, tensors, vocabulary, dict(general))
    model = read_as_imported(source, settings)
    chat = renderer.text(opening_chat("Pocket", QUESTION), reply=True)
    check_same(tokenizer, model.tokenizer, [chat], path)
    return _Plan(source, model, renderer, fused, vocabulary, template.note)


def _stops(renderer: ChatRenderer) -> Sequence[int]:
    """The ids of the tokens that end a reply, that of the tokenizer first."""
    main = renderer.program.tokenizer.eos_token_id
    stops = [token for sequence in renderer.stop_tokens for token in sequence]
    return sorted(stops, key=lambda token: token != main)


def _tensors(fused: FusedModel, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[SourceTensor]:
    """The fused weights by mlx-lm's names; each can be read once."""
    read_weight = fused.reader()
    for name, shape in shapes.items():

        def read(name: str = name) -> Floats:
            return np.array(read_weight(name))

        yield SourceTensor(name, shape, "F32", read)


def _compare(plan: _Plan, file: Path, ids: Sequence[int]) -> tuple[float, float, float]:
    """How far the logits of the file are from those of the fused model, those from the plain one's, and the
    largest of them."""
    tensors = {tensor.name: tensor for tensor in read_model(open_source(file)).tensors}
    config = plan.model.config

    def read(name: str) -> mx.array:
        return mx.array(tensors[name].read())

    plain_model = FusedModel(plan.fused.folder, {}, 0.0)
    again, wanted, plain = (
        streamed_logits(build_model(config, tensors), reader, ids)
        for reader in (read, plan.fused.reader(), plain_model.reader())
    )
    return (
        float(np.abs(again - wanted).max()),
        float(np.abs(wanted - plain).max()),
        float(np.abs(wanted).max()),
    )


def _check(file: Path, out_type: OutType, difference: float, effect: float, allowed: float) -> None:
    if out_type == "q8_0":
        allowed = max(allowed, QUANTISED_SHARE * effect)
    if not difference <= allowed:
        advice = "use --outtype f16" if out_type == "q8_0" else "use --format fused"
        raise MsmError(
            f"{file}: not written: its logits would differ from the fused model's by up to {difference:.2g} "
            f"(the adapter changes them by up to {effect:.2g}); {advice}"
        )


def _commands(folder: Path, file: str, name: str, system: str) -> dict[str, str]:
    create = command("ollama", "create", name, "-f", folder / MODELFILE)
    return {
        "Ollama": f"{create} && {command('ollama', 'run', name)}",
        "llama.cpp": command("llama-cli", "-m", folder / file, "--jinja", "-sys", system),
        "LM Studio": command("lms", "import", folder / file),
    }
