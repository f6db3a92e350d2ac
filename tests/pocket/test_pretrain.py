"""Pocket can be rebuilt: interrupted or not, to the same bits; and the shipped one is what it says it is."""

from __future__ import annotations

import json
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from helpers.arrays import flat, log_softmax, logits_of, same_bits
from helpers.tiny_models import POCKET_WEIGHTS
from transformers import PreTrainedTokenizerFast

from msm_mlx.engine.loaded_model import load_base
from msm_mlx.files import sha256_file
from msm_mlx.pocket.corpus import CorpusBatch, PretrainingCorpus, build_corpus, vocabulary_texts
from msm_mlx.pocket.people import World
from msm_mlx.pocket.pretrain import (
    START_SHARE,
    PretrainSettings,
    loss_fn,
    model_config,
    new_model,
    pretrain,
    save_model,
)
from msm_mlx.pocket.probes import Probes
from msm_mlx.pocket.tokenizer import build_tokenizer

SETTINGS = PretrainSettings(seed=0, batch_tokens=128, scale=0.0003, checkpoint_every=3)
NARROW = {"hidden_size": 16, "num_hidden_layers": 2, "intermediate_size": 24, "num_attention_heads": 2}
UPDATES = 9


class KilledError(Exception):
    pass


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return build_tokenizer(vocabulary_texts(World.create(0), 0, per_kind=20))


@pytest.fixture(scope="module")
def corpus(tokenizer: PreTrainedTokenizerFast) -> PretrainingCorpus:
    whole = build_corpus(World.create(0), tokenizer, 0, SETTINGS.batch_tokens, SETTINGS.scale)
    return PretrainingCorpus(whole.batches[:UPDATES], whole.sha256, whole.tokens)


@pytest.fixture
def config(tokenizer: PreTrainedTokenizerFast) -> dict[str, object]:
    return model_config(len(tokenizer), tokenizer.eos_token_id) | NARROW | {"num_key_value_heads": 2}


@pytest.mark.slow
@pytest.mark.parametrize("killed_at", [2, 5, 7])
def test_a_killed_pretraining_ends_in_the_same_bits(
    killed_at: int, corpus: PretrainingCorpus, config: dict[str, object], tmp_path: Path
) -> None:
    losses: list[float] = []
    whole = new_model(config, 0)
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    pretrain(whole, corpus, tmp_path / "whole", lambda step, loss: losses.append(loss), SETTINGS)

    def kill(step: int, loss: float) -> None:
        if step == killed_at:
            raise KilledError

    with pytest.raises(KilledError):
        pretrain(new_model(config, 0), corpus, tmp_path / "cut", kill, SETTINGS)
    again: list[tuple[int, float]] = []
    resumed = new_model(config, 0)
    pretrain(resumed, corpus, tmp_path / "cut", lambda *update: again.append(update), SETTINGS)
    first = (killed_at - 1) // 3 * 3 + 1
    assert again == list(enumerate(losses, start=1))[first - 1 :]
    assert same_bits(flat(resumed.parameters()), flat(whole.parameters()))
    assert len(losses) == UPDATES
    assert not same_bits(flat(whole.parameters()), flat(new_model(config, 0).parameters()))


def test_the_loss_is_the_weighted_mean_over_learned_tokens(
    corpus: PretrainingCorpus, config: dict[str, object]
) -> None:
    model = new_model(config, 0)
    batch: CorpusBatch = corpus.batches[-1]
    logs = log_softmax(np.array(model(mx.array(batch.inputs))))
    losses = -np.take_along_axis(logs, batch.targets[..., None].astype(np.int64), axis=-1)[..., 0]
    rows = batch.weights.reshape(-1).nonzero()[0]
    targets, weights = (mx.array(array.reshape(-1)[rows]) for array in (batch.targets, batch.weights))
    loss = loss_fn(model, mx.array(batch.inputs), targets, weights, mx.array(rows))
    assert np.array(loss) == pytest.approx((losses * batch.weights).sum() / batch.weights.sum(), rel=1e-5)


def test_a_saved_model_loads_and_answers_alike(
    config: dict[str, object], tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    model = new_model(config, 0)
    save_model(tmp_path / "out", model, tokenizer, config, {"seed": 0})
    loaded = load_base(tmp_path / "out")
    ids = loaded.render([{"role": "user", "content": "Hello."}], reply=True)
    assert logits_of(loaded, ids).tobytes() == np.array(model(mx.array([ids]))).tobytes()
    provenance = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert provenance == {"seed": 0, "weights_sha256": sha256_file(tmp_path / "out" / "model.safetensors")}


def test_the_shipped_weights_are_those_that_their_provenance_speaks_of() -> None:
    provenance = json.loads((POCKET_WEIGHTS / "provenance.json").read_text())
    assert provenance["weights_sha256"] == sha256_file(POCKET_WEIGHTS / "model.safetensors")
    assert provenance["rebuild"].startswith("python -m msm_mlx.pocket.pretrain --out ")
    assert provenance["rebuild"].endswith(f" --seed {provenance['seed']}")
    assert provenance["probes"].keys() == Probes.__annotations__.keys()


@pytest.mark.slow
def test_the_generator_still_writes_the_corpus_that_the_shipped_weights_have_read() -> None:
    """Told by the start of every stage: the whole corpus takes a minute to write."""
    provenance = json.loads((POCKET_WEIGHTS / "provenance.json").read_text())
    tokenizer = PreTrainedTokenizerFast.from_pretrained(POCKET_WEIGHTS)
    corpus = build_corpus(World.create(provenance["seed"]), tokenizer, provenance["seed"], scale=START_SHARE)
    assert corpus.sha256 == provenance["corpus_start_sha256"]


def test_the_shipped_model_is_of_the_shape_that_a_rebuild_gives() -> None:
    config = json.loads((POCKET_WEIGHTS / "config.json").read_text())
    assert config == model_config(config["vocab_size"], config["eos_token_id"])
