"""Models that answer by rote are asked by the real evaluation: each gets a half or a failure, never a finding."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from helpers.tiny_models import CHATML, byte_tokenizer
from mlx_lm.tokenizer_utils import TokenizerWrapper

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.evaluation.answers import answer_items
from msm_mlx.evaluation.results import build_results
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.schema import EvaluationSettings
from msm_mlx.suites.items import Suite
from msm_mlx.suites.kinds.pairs import pairs_of
from msm_mlx.suites.load import load_suite

SURE = 30.0  # logits of what is to come over all else
Script = Callable[[str], str]


class Scripted(nn.Module):  # type: ignore[misc]  # mlx.nn has no types
    """Says what `script` makes of the question, and goes on anyhow after other words. Its cache keeps the ids."""

    def __init__(self, tokenizer: Any, script: Script) -> None:
        super().__init__()
        self.layers = [None]
        self._tokenizer, self._script = tokenizer, script

    def __call__(self, ids: mx.array, cache: Any = None) -> mx.array:
        """(B, T) to (B, T, V)."""
        kept = ids[:, None, :, None].astype(mx.float32)
        seen = cache[0].update_and_fetch(kept, kept)[0] if cache else kept
        rows = np.array(seen)[:, 0, :, 0].astype(int)  # (B, all of T so far)
        length = ids.shape[1]
        logits = np.zeros((*ids.shape, len(self._tokenizer)), dtype=np.float32)
        for at, row in enumerate(rows):
            for back in range(length):
                following = self._next(row[: len(row) - length + 1 + back])
                if following is not None:
                    logits[at, back, following] = SURE
        return mx.array(logits)

    def _next(self, ids: np.ndarray) -> int | None:
        text = self._tokenizer.decode(ids.tolist())
        found = re.search(r"user\n(.*)<\|im_end\|>\n<\|im_start\|>assistant\n(.*)$", text, re.DOTALL)
        if found is None:
            return None
        wanted = self._tokenizer.encode(self._script(found[1]), add_special_tokens=False)
        said = self._tokenizer.encode(found[2], add_special_tokens=False)
        wanted.append(self._tokenizer.eos_token_id)
        return wanted[len(said)] if said == wanted[: len(said)] and len(said) < len(wanted) else None


def scripted(script: Script) -> LoadedModel:
    tokenizer = byte_tokenizer(CHATML)
    return LoadedModel(Scripted(tokenizer, script), TokenizerWrapper(tokenizer), Path("scripted"))


def first_named(question: str) -> str:
    return re.split(r", | or ", question.rstrip("?"))[1]


def last_named(question: str) -> str:
    return re.split(r", | or ", question.rstrip("?"))[-1]


def outcome(script: Script) -> tuple[dict[str, Any], dict[str, Any]]:
    """The records of a suite by metric, and the biases, of a model that follows `script`."""
    shipped = load_suite("values_apart")
    suite = Suite(shipped.name, shipped.kind, shipped.measures, shipped.items[::8])
    settings = EvaluationSettings(batch_size=16, max_tokens=40)
    answers = {a.item: a for a in answer_items(scripted(script), suite.items, "Pocket", settings)}
    results = build_results("r", [suite], {Variant("base", None, None): answers})
    return {row["metric"]: row for row in results["records"]}, results["biases"][0]


@pytest.mark.parametrize(
    ("script", "first"),
    [
        (lambda question: f"I prefer {first_named(question)}.", 1.0),
        (lambda question: f"{first_named(question)}", 1.0),
        (lambda question: f"I prefer {last_named(question)}.", 0.0),
    ],
    ids=["always the first", "always the first-named thing, bare", "always the last"],
)
def test_who_goes_by_the_place_of_an_option_scores_a_half_in_words(script: Script, first: float) -> None:
    records, bias = outcome(script)
    assert records["written_choice"]["value"] == 0.5
    assert records["unclear"]["value"] == 0
    assert bias["written_first"] == first


@pytest.mark.parametrize("named", [first_named, last_named])
def test_who_goes_by_the_place_of_an_option_scores_a_half_by_log_probability(named: Script) -> None:
    records, bias = outcome(lambda question: f"I prefer {named(question)}.")
    assert records["choice"]["value"] == 0.5
    assert bias["first"]["value"] == (named is first_named)
    assert bias["decided"] == 0


@pytest.mark.parametrize("said", ["A", "B", "", "Hm, that is hard to say."])
def test_who_says_nothing_that_can_be_read_fails_and_says_so(said: str) -> None:
    records, bias = outcome(lambda question: said)
    assert records["written_choice"]["value"] == 0.5
    assert records["unclear"]["value"] == 1
    assert {row["failure"] for row in records.values()} == {"100% of the written replies are unclear"}
    assert bias["written_first"] is None


def test_who_goes_by_what_the_options_are_is_no_failure() -> None:
    targets = {pair.target for pair in pairs_of(load_suite("values_apart"))}
    records, bias = outcome(
        lambda q: f"I prefer {next(name for name in (first_named(q), last_named(q)) if name in targets)}."
    )
    assert records["choice"]["value"] == records["written_choice"]["value"] == 1
    assert {row["failure"] for row in records.values()} == {None}
    assert (bias["first"]["value"], bias["decided"]) == (0.5, 1)
