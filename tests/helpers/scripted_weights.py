"""A loaded model that says what a script makes of each question, for evaluations by log-probability too."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx_lm.tokenizer_utils import TokenizerWrapper

from helpers.tiny_models import CHATML, byte_tokenizer
from msm_mlx.engine.loaded_model import LoadedModel

LOGIT = 30.0  # of what is to come, over all else
Script = Callable[[str], str | tuple[str, ...]]
"""What is said to a question; of several texts the first that goes on from what has been said."""


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
                    logits[at, back, following] = LOGIT
        return mx.array(logits)

    def _next(self, ids: np.ndarray) -> int | None:
        text = self._tokenizer.decode(ids.tolist())
        found = re.search(r"user\n(.*)<\|im_end\|>\n<\|im_start\|>assistant\n(.*)$", text, re.DOTALL)
        if found is None:
            return None
        said = self._tokenizer.encode(found[2], add_special_tokens=False)
        script = self._script(found[1])
        for text in (script,) if isinstance(script, str) else script:
            wanted = [*self._tokenizer.encode(text, add_special_tokens=False), self._tokenizer.eos_token_id]
            if said == wanted[: len(said)] and len(said) < len(wanted):
                return int(wanted[len(said)])
        return None


def load_scripted(script: Script) -> LoadedModel:
    tokenizer = byte_tokenizer(CHATML)
    return LoadedModel(Scripted(tokenizer, script), TokenizerWrapper(tokenizer), Path("scripted"))
