"""The models of a run: which one writes, that one alone is in memory, and how fast they are said to be."""

from __future__ import annotations

import gc
import re
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from helpers.plans import recipe
from helpers.reporters import StageReporter

from msm_mlx.engine.chat_model import Reply, SamplingParams
from msm_mlx.engine.local_model import LocalModel
from msm_mlx.engine.model_pool import ModelPool
from msm_mlx.engine.server_model import ServerModel
from msm_mlx.models.hub import ModelRef, resolve_model
from msm_mlx.pipeline.context import Context, Meter
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.load import Recipe
from msm_mlx.runs.folder import RunFolder

BASE = Variant("base", None, None)
ModelFolder = Callable[[str], Path]


def context(run: Path, base: ModelRef, one: Recipe | None = None, **others: ModelRef) -> Context:
    return Context(one or recipe(), base, RunFolder(run), StageReporter(), others)


def ref(tiny_model_folder: ModelFolder, family: str = "llama") -> ModelRef:
    return resolve_model(str(tiny_model_folder(family)))


def unheard(begun: int, tokens: int) -> None:
    """Of whoever does not ask."""


def folder_of(model: object) -> Path:
    """The folder of the model that answers."""
    assert isinstance(model, LocalModel)
    return model.loaded.folder


def test_the_base_writes_unless_the_recipe_names_another(lone_run: Path, tiny_model_folder: ModelFolder) -> None:
    base, other = ref(tiny_model_folder), ref(tiny_model_folder, "qwen3")
    assert folder_of(context(lone_run, base).writer(unheard)) == base.folder
    assert folder_of(context(lone_run, base, writer=other).writer(unheard)) == other.folder
    copy = replace(base, name="copy", folder=Path("elsewhere"))
    assert folder_of(context(lone_run, base, writer=copy).writer(unheard)) == base.folder


def test_a_server_is_asked_where_one_is_named(lone_run: Path, tiny_model_folder: ModelFolder) -> None:
    served = recipe("documents.writer={model: m, server: 'http://127.0.0.1:1/v1', concurrency: 3}")
    writer = context(lone_run, ref(tiny_model_folder), served).writer(unheard)
    assert isinstance(writer, ServerModel)


def test_of_several_writers_each_is_loaded_when_it_is_its_turn(lone_run: Path, tiny_model_folder: ModelFolder) -> None:
    base, other = ref(tiny_model_folder), ref(tiny_model_folder, "qwen3")
    shared = recipe("documents.writer=[a, {model: m, server: 'http://127.0.0.1:1/v1'}]")
    pool = context(lone_run, base, shared, **{"writer a": other}).writer(unheard)
    assert isinstance(pool, ModelPool)
    assert list(pool.models) == ["a", "server: m"]
    assert folder_of(pool.models["a"]()) == other.folder
    assert isinstance(pool.models["server: m"](), ServerModel)


def test_tokens_are_heard_while_they_are_written(lone_run: Path, tiny_model_folder: ModelFolder) -> None:
    heard: list[tuple[int, int]] = []
    critic = context(lone_run, ref(tiny_model_folder), critic=ref(tiny_model_folder, "qwen3"))
    model = critic.other("critic", lambda *counts: heard.append(counts))
    [(_, reply)] = model.replies([[{"role": "user", "content": "Hi"}]], SamplingParams(3, 1), [0])
    assert heard == [(1, 1), *[(0, 1)] * (reply.tokens - 1)]


@pytest.mark.slow
def test_one_model_is_in_memory_at_a_time(lone_run: Path, tiny_model_folder: ModelFolder) -> None:
    one = context(lone_run, ref(tiny_model_folder), critic=ref(tiny_model_folder, "qwen3"))
    base = weakref.ref(one.variant(BASE).model)
    gc.collect()
    assert base() is not None
    critic = one.other("critic", unheard)
    assert base() is None
    del critic
    model = weakref.ref(one.variant(BASE).model)
    one.model_process()
    gc.collect()
    assert model() is None


def test_the_process_is_one_until_the_run_ends(lone_run: Path, tiny_model_folder: ModelFolder) -> None:
    one = context(lone_run, ref(tiny_model_folder))
    assert one.model_process() is one.model_process()
    one.close()
    one.close()


def test_tokens_are_counted_without_the_weights(lone_run: Path, tiny_model_folder: ModelFolder, tmp_path: Path) -> None:
    base = ref(tiny_model_folder)
    bare = tmp_path / "bare"
    bare.mkdir()
    for file in base.folder.iterdir():
        if file.suffix != ".safetensors":
            (bare / file.name).write_bytes(file.read_bytes())
    assert context(lone_run, replace(base, folder=bare)).token_counter().count("Hello") > 0


def test_a_meter_counts_from_what_is_there_already() -> None:
    reporter = StageReporter()
    meter = Meter(partial(reporter.advance, "stage"), replies=4, clock=lambda: 0.0)
    meter.count_tokens(5)
    assert reporter.progress == []
    meter.reply(Reply("b", 7, True))
    assert meter.tokens == 5
    [(done, detail)] = reporter.progress
    assert done == 5
    assert re.fullmatch(r"[\d,]+ tokens/s", detail)


def test_a_meter_shows_what_is_written_before_anything_is_done() -> None:
    """Once a second at most, and from when the writing began."""
    reporter, time = StageReporter(), 100.0
    meter = Meter(partial(reporter.advance, "stage"), "drafts", clock=lambda: time)
    time = 200.0  # after loading
    for _ in range(40):
        meter.step(32 if meter.begun == 0 else 0, 32)
        time += 0.25
    meter.show(1, "1 rejected")
    for _ in range(5):
        meter.step(0, 32)
        time += 0.25
    details = [detail for _, detail in reporter.progress]
    assert details[:2] == ["32 drafts begun, 160 tokens/s", "32 drafts begun, 144 tokens/s"]
    assert len(details) == 9 + 1 + 1
    assert reporter.progress[-1] == (1, "32 drafts begun, 1 rejected, 131 tokens/s")


@pytest.mark.parametrize("tokens", [0, 10**9])
def test_a_meter_that_has_just_started_shows_a_rate(tokens: int) -> None:
    reporter = StageReporter()
    meter = Meter(partial(reporter.advance, "stage"), tokens=tokens)
    meter.show(1, "loss 1")
    assert reporter.progress[0][1].startswith("loss 1, ")
