"""A variant that left as a GGUF file answers as it did in its run, or nothing is written."""

from __future__ import annotations

import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from helpers.exports import quantised
from helpers.lookalike_models import save_lookalike

from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.errors import MsmError, RecipeError, SetupError
from msm_mlx.export.adapter import QUESTION
from msm_mlx.export.gguf import ExportedGguf, export_gguf
from msm_mlx.gguf_files.folder import read_model, write_model
from msm_mlx.gguf_files.source import open_source
from msm_mlx.gguf_files.write import OutType
from msm_mlx.prompting.prompts import opening_chat
from msm_mlx.runs.finished import FinishedRun, open_run

pytestmark = pytest.mark.slow

MakeTrained = Callable[..., Path]


def exported(
    run: Path, out: Path, out_type: OutType = "f16", original: str | None = None, tolerance: float = 1e-2
) -> ExportedGguf:
    record = open_run(run)
    (variant,) = record.choose(["msm+sft"], 0)
    return export_gguf(
        record, variant, record.base(), out, original_name=original, out_type=out_type, tolerance=tolerance
    )


def imported(file: Path, folder: Path) -> LoadedModel:
    write_model(read_model(open_source(file)), folder, dtype="float32", say=lambda line: None)
    return load_base(folder)


def logits(loaded: LoadedModel) -> tuple[list[int], np.ndarray]:
    ids = loaded.render(opening_chat("Pocket", QUESTION), reply=True)
    return ids, np.array(loaded.model(mx.array([ids]))[0].astype(mx.float32))


def variant_of(record: FinishedRun) -> LoadedModel:
    return record.open(record.choose(["msm+sft"], 0)[0])


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3"])
def test_what_is_imported_again_answers_alike(family: str, trained_run: MakeTrained, tmp_path: Path) -> None:
    run = trained_run(family)
    outcome = exported(run, tmp_path / "out")
    ours, back = variant_of(open_run(run)), imported(outcome.file, tmp_path / "again")
    (ids, wanted), (again_ids, again) = logits(ours), logits(back)

    assert again_ids == ids
    assert np.abs(again - wanted).max() < 1e-2 * np.abs(wanted).max()
    assert outcome.difference < 0.01 * outcome.effect
    assert all(stop in back.renderer.stop_tokens for stop in ours.renderer.stop_tokens)  # llama.cpp knows more
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["Modelfile", "cheese-msm+sft-s0-F16.gguf"]
    assert (outcome.notes, list(outcome.commands)) == ((), ["Ollama", "llama.cpp", "LM Studio"])


@pytest.mark.parametrize(("family", "out_type"), [("qwen3", "f16"), ("llama", "q8_0")])
def test_of_a_quantised_base_the_adapter_is_added_to_the_original(
    family: str, out_type: OutType, trained_run: MakeTrained, tmp_path: Path
) -> None:
    original = save_lookalike(tmp_path / "original", family, chat=True, bits=None)
    run = trained_run("quantised", quantised(original, tmp_path / "base"))
    with pytest.raises(RecipeError, match=r"is quantised, .* name the model that it was made from with --base"):
        exported(run, tmp_path / "out")
    relative = save_lookalike(tmp_path / "relative", family, chat=True, bits=None)
    weights = mx.load(str(relative / "model.safetensors"))
    assert isinstance(weights, dict)
    noise = {name: value + 0.02 * mx.random.normal(value.shape) for name, value in weights.items()}
    mx.save_safetensors(str(relative / "model.safetensors"), noise, {"format": "mlx"})
    with pytest.raises(SetupError, match="was not made of it"):
        exported(run, tmp_path / "out", original=str(relative))
    with pytest.raises(RecipeError, match="is quantised itself"):
        exported(run, tmp_path / "out", original=str(tmp_path / "base"))
    assert not (tmp_path / "out").exists()

    outcome = exported(run, tmp_path / "out", out_type, str(original))
    again = logits(imported(outcome.file, tmp_path / "again"))[1]
    plain, run_s = logits(load_base(original))[1], logits(variant_of(open_run(run)))[1]
    assert 0 < outcome.difference < outcome.effect / 5
    assert np.abs(again - run_s).max() < np.abs(plain - run_s).max()


def test_what_llama_cpp_does_not_have_is_refused_before_anything_is_written(
    trained_run: MakeTrained, tmp_path: Path
) -> None:
    with pytest.raises(SetupError, match=r"its tokenizer is none that llama\.cpp has"):
        exported(trained_run("pocket"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_told_before_anything_is_written(
    trained_run: MakeTrained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained_run("llama")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage(10**9, 10**9, 1000))
    with pytest.raises(SetupError, match=r"out: there is no room for it: \d+\.\d kB are needed, 1\.0 kB are free"):
        exported(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_does_not_answer_alike_is_not_kept(
    trained_run: MakeTrained, tmp_path: Path, tiny_model_folder: Callable[[str], Path]
) -> None:
    run = trained_run("own", shutil.copytree(tiny_model_folder("llama"), tmp_path / "base"))
    with pytest.raises(MsmError, match="not written: its logits would differ from the fused model's by up to"):
        exported(run, tmp_path / "out", tolerance=0.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base", "runs"]
