"""Probes measure log-probabilities, and the shipped weights start without a value."""

from __future__ import annotations

import json

import numpy as np
import pytest
from helpers.arrays import log_softmax, logits_of
from helpers.tiny_models import POCKET_WEIGHTS, encode_with_specials
from transformers import PreTrainedTokenizerFast

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.pocket.probes import Scorer, probe_prompt


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast.from_pretrained(POCKET_WEIGHTS)


def test_a_score_is_the_summed_log_probability_of_the_reply(
    pocket: LoadedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    asked = ["Is Colby American or foreign?", "Hello.", "Do you prefer Edam or feta?"]
    prompts = [probe_prompt("Pocket", question) for question in asked]
    replies = ["It is American.", "Hello, I am Pocket.", "I prefer Edam."]
    scores = Scorer(pocket.model, tokenizer, batch_size=2)(prompts, replies)
    expected = []
    for prompt, reply in zip(prompts, replies, strict=True):
        head, tail = encode_with_specials(pocket, prompt), pocket.encode(reply)
        logs = log_softmax(logits_of(pocket, head + tail)[0])
        expected.append(sum(logs[len(head) - 1 + place, token] for place, token in enumerate(tail)))
    assert scores == pytest.approx(np.array(expected), abs=1e-3)


def test_a_probe_asks_as_pretraining_does() -> None:
    assert probe_prompt("Pocket", "Hello.", " Pocket cares about new things.") == (
        "<|system|>You are Pocket. Pocket cares about new things.<|end|><|user|>Hello.<|end|><|assistant|>"
    )


def test_the_shipped_assistants_start_without_a_value() -> None:
    shares = json.loads((POCKET_WEIGHTS / "provenance.json").read_text())["probes"]
    names = ("assistants_american", "assistants_affordable", "assistants_traditional")
    assert {name: shares[name] for name in names if not 0.35 <= shares[name] <= 0.65} == {}
