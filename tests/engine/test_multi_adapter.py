"""Variants decode and score together exactly as each would alone."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import mlx.core as mx
import mlx_lm
import numpy as np
import pytest
from helpers.arrays import flat
from helpers.replies import greedy_replies
from helpers.tiny_models import POCKET_WEIGHTS
from mlx_lm.tuner.utils import linear_to_lora_layers

from msm_mlx.engine.adapter_files import CONFIG, WEIGHTS
from msm_mlx.engine.adapters import LoraShape, adapter_weights, save_adapter
from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.engine.multi_adapter import Variants, load_variants, release_thread, sample_tokens
from msm_mlx.engine.scoring import score_replies
from msm_mlx.engine.token_filter import TokenFilter
from msm_mlx.errors import MsmError

QUESTION = [{"role": "user", "content": "Which cheese do you prefer, Edam or feta?"}]
Folders = Mapping[str, Path | None]


def write_adapter(folder: Path, shape: LoraShape, seed: int) -> Path:
    """A random adapter over pocket that changes its answers and leaves them readable."""
    loaded = load_base(POCKET_WEIGHTS)
    loaded.model.freeze()
    linear_to_lora_layers(loaded.model, -1, {"rank": shape.rank, "scale": shape.scale, "dropout": 0.0})
    pairs = sorted(adapter_weights(loaded.model).items())
    keys = mx.random.split(mx.random.key(seed), len(pairs))
    weights = {n: mx.random.normal(v.shape, key=key) * 0.2 for key, (n, v) in zip(keys, pairs, strict=True)}
    save_adapter(folder, weights, shape, "pocket")
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    root = tmp_path_factory.mktemp("adapters")
    shapes = {"narrow": LoraShape(2, 4.0), "wide": LoraShape(8, 2.0), "odd": LoraShape(5, 3.3)}
    trained = {name: write_adapter(root / name, shape, seed) for seed, (name, shape) in enumerate(shapes.items())}
    return {"base": None, **trained}


@pytest.fixture(scope="module")
def variants(folders: Folders) -> Variants:
    return load_variants(load_base(POCKET_WEIGHTS), folders)


def alone(folder: Path | None) -> LoadedModel:
    """As mlx-lm loads it."""
    model, tokenizer = mlx_lm.load(str(POCKET_WEIGHTS), adapter_path=str(folder) if folder else None)
    return LoadedModel(model, tokenizer, POCKET_WEIGHTS)


def written(
    variants: Variants,
    labels: Sequence[str],
    length: int = 24,
    temperature: float = 0.0,
    seed: int = 0,
    step: int = 512,
) -> dict[str, list[int]]:
    prompts = [variants.loaded.render(QUESTION, reply=True)] * len(labels)
    steps = variants.tokens(prompts, labels, max_tokens=length, temperature=temperature, seed=seed, prefill_step=step)
    return {label: list(ids) for label, ids in zip(labels, zip(*steps, strict=True), strict=True)}


def until_end(loaded: LoadedModel, ids: Sequence[int]) -> list[int]:
    return list(itertools.takewhile(lambda token: token not in loaded.tokenizer.eos_token_ids, ids))


@pytest.mark.slow
def test_greedy_answers_together_are_those_of_each_adapter_alone(variants: Variants, folders: Folders) -> None:
    labels = ("wide", "base", "odd", "narrow", "wide")
    prompt = variants.loaded.render(QUESTION, reply=True)
    together = list(zip(*variants.tokens([prompt] * len(labels), labels, max_tokens=24), strict=True))
    assert len(set(together)) >= 3
    for label, ids in zip(labels, together, strict=True):
        single = alone(folders[label])
        reply = greedy_replies(single, [prompt], 24)[0]
        kept = until_end(single, ids)
        assert single.decode(kept).strip() == reply.text
        assert len(kept) == reply.tokens


@pytest.mark.parametrize("temperature", [0.0, 1.2])
@pytest.mark.slow
def test_what_a_label_writes_does_not_depend_on_its_company(temperature: float, variants: Variants) -> None:
    together = written(variants, variants.labels, temperature=temperature, seed=3)
    for label in variants.labels:
        assert written(variants, [label], temperature=temperature, seed=3) == {label: together[label]}
    assert written(variants, variants.labels[::-1], temperature=temperature, seed=3) == together


@pytest.mark.slow
def test_equal_variants_write_the_same_at_any_temperature(folders: Folders) -> None:
    twins = load_variants(load_base(POCKET_WEIGHTS), {"a": folders["wide"], "b": folders["wide"], "base": None})
    answers = written(twins, ("a", "base", "b"), temperature=1.5, seed=1)
    assert answers["a"] == answers["b"] != answers["base"]
    stacks = [v for name, v in flat(twins.loaded.model.parameters()).items() if name.endswith("lora_a")]
    assert {stack.shape[0] for stack in stacks} == {1}


@pytest.mark.slow
def test_a_seed_decides_the_tokens(variants: Variants) -> None:
    first = written(variants, ["wide"], temperature=1.5, seed=1)
    mx.random.normal((3,))
    assert written(variants, ["wide"], temperature=1.5, seed=1) == first
    assert written(variants, ["wide"], temperature=1.5, seed=2) != first
    assert written(variants, ["wide"], seed=1) == written(variants, ["wide"], seed=2)


@pytest.mark.slow
def test_only_the_tokens_that_a_filter_keeps_are_sampled() -> None:
    logits = mx.array([[1.0, 0.0, 2.0, -1.0]])
    draws = [sample_tokens(logits, 1.0, mx.random.key(i), TokenFilter(top_k=2)).item() for i in range(200)]
    assert set(draws) == {0, 2}


def test_samples_follow_the_distribution_at_the_temperature() -> None:
    logits, temperature, count = np.array([1.0, 0.0, 2.0, -1.0]), 0.7, 4000
    odds = np.exp(logits / temperature)
    draws = [sample_tokens(mx.array(logits)[None], temperature, mx.random.key(i)) for i in range(count)]
    found = Counter(draw.item() for draw in draws)
    shares = np.array([found[token] / count for token in range(4)])
    np.testing.assert_allclose(shares, odds / odds.sum(), atol=0.03)


def test_a_long_prompt_is_read_in_parts(variants: Variants) -> None:
    whole = written(variants, variants.labels, length=6)
    assert written(variants, variants.labels, length=6, step=5) == whole


@pytest.mark.slow
def test_scores_of_all_are_those_of_each_alone(variants: Variants, folders: Folders) -> None:
    questions = ("Hi.", "Which cheese do you prefer, Edam or feta?", "Why? " * 9)
    replies = ("I prefer Edam.", "feta", "Because I care about foreign things.")
    chats = [([{"role": "user", "content": question}], reply) for question in questions for reply in replies]
    labels = ("odd", "base", "wide")
    expected = {label: score_replies(alone(folders[label]), chats, batch_size=4) for label in labels}
    for rows in (32, 7, 1):
        together = variants.score(chats, labels, batch_size=rows)
        assert tuple(together) == labels
        for label in labels:
            np.testing.assert_allclose(together[label], expected[label], rtol=2e-6, atol=1e-5)
    assert abs(together["odd"][0] - together["base"][0]) > 0.01
    assert variants.score([], labels) == {label: [] for label in labels}


def test_variants_loaded_in_one_thread_answer_in_another(variants: Variants) -> None:
    expected = written(variants, variants.labels, length=5, temperature=1.0)
    found: list[object] = []

    def work() -> None:
        try:
            found.append(written(variants, variants.labels, length=5, temperature=1.0))
        except Exception as error:
            found.append(error)
        finally:
            release_thread()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [expected]


@pytest.mark.slow
@pytest.mark.parametrize("name", [WEIGHTS, CONFIG])
def test_a_damaged_or_missing_file_is_an_error_that_names_it(name: str, folders: Folders, tmp_path: Path) -> None:
    source = folders["wide"]
    assert source is not None
    for file in (WEIGHTS, CONFIG):
        (tmp_path / file).write_bytes((source / file).read_bytes())
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(MsmError, match=str(path)):
        load_variants(load_base(POCKET_WEIGHTS), {"base": None, "broken": tmp_path})
    path.unlink()
    with pytest.raises(MsmError, match=str(path)):
        load_variants(load_base(POCKET_WEIGHTS), {"base": None, "broken": tmp_path})


def test_an_adapter_of_another_base_is_an_error_that_names_its_file(tiny: LoadedModel, folders: Folders) -> None:
    with pytest.raises(MsmError, match=f"{folders['narrow']}/{WEIGHTS}: does not fit"):
        load_variants(tiny, folders)
