"""A base model in memory, and its chat template."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from msm_mlx.resources.blas import keep_freed_memory, load_openblas, use_one_thread

load_openblas()
keep_freed_memory()

import mlx.core as mx  # noqa: E402  (the BLAS must be there first)
import mlx.nn as nn  # noqa: E402
import mlx_lm  # noqa: E402
from mlx.utils import tree_flatten  # noqa: E402
from mlx_lm.utils import load_tokenizer  # noqa: E402

from msm_mlx.errors import SetupError  # noqa: E402
from msm_mlx.models.chat_template import BASE_TEMPLATE  # noqa: E402
from msm_mlx.models.token_counter import TokenCounter  # noqa: E402
from msm_mlx.prompting.prompts import Message  # noqa: E402

DOCUMENT_SEPARATOR = "<|endoftext|>"  # between documents in the pretraining of many families, chat models included


@dataclass(frozen=True)
class LoadedModel:
    """A model with all parameters evaluated, its tokenizer, and the folder that both came from."""

    model: nn.Module
    tokenizer: Any  # mlx_lm's TokenizerWrapper
    folder: Path

    @cached_property
    def counter(self) -> TokenCounter:
        """Encodes plain text: by tiktoken if the tokenizer allows it, which `counter.reason` tells."""
        return TokenCounter(self.tokenizer)

    def encode(self, text: str) -> list[int]:
        """The ids of plain text, without any special token, not even one that is spelled out in it."""
        return self.counter.encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def render(self, messages: Sequence[Message], *, reply: bool, thinking: bool = False) -> list[int]:
        """The ids of a chat, with the opening of an assistant's turn at the end if a `reply` is to follow.

        Thinking is for writers alone: training, scoring and answering must all see the same template.
        """
        ids: list[int] = self.tokenizer.apply_chat_template(
            list(messages), add_generation_prompt=reply, enable_thinking=thinking, return_dict=False
        )
        return ids

    @property
    def context_length(self) -> int | None:
        """How many tokens the model reads at most, prompt and answer together; None where its settings do not say."""
        arguments = getattr(self.model, "args", None)
        text: Any = getattr(arguments, "text_config", None) or {}  # of models that also read pictures
        limit = getattr(arguments, "max_position_embeddings", text.get("max_position_embeddings"))
        return limit if isinstance(limit, int) else None

    @property
    def start_of_document(self) -> list[int]:
        """What the tokenizer puts before every text: the begin-of-text token of the families that have one."""
        ids: list[int] = self.tokenizer.encode("")
        return ids if ids == [self.tokenizer.bos_token_id] else []

    @property
    def end_of_document(self) -> int:
        """The id that ends a document: the pretraining separator if there is one, else the end of a turn."""
        separator: int | None = self.tokenizer.get_vocab().get(DOCUMENT_SEPARATOR)
        return int(self.tokenizer.eos_token_id) if separator is None else separator

    @property
    def stop_tokens(self) -> list[list[int]]:
        return [[token] for token in sorted(self.tokenizer.eos_token_ids)]


def load_base(folder: Path) -> LoadedModel:
    """Load the model in `folder` with mlx-lm's own loader. A base model, without a chat template, gets ours.

    No code of the folder is run, whatever its configuration asks for.

    Raises:
        SetupError: naming the folder, if mlx-lm cannot read it, or it has neither a chat template nor an end of text.
    """
    try:
        model, tokenizer = mlx_lm.load(str(folder), tokenizer_config={"trust_remote_code": False})
    except Exception as error:  # the tokenizer's library raises nothing more special
        raise SetupError(
            f"cannot load the model in {folder}: {error or type(error).__name__}\n"
            "  Check the folder, or use `--model pocket`, which comes with msm-mlx."
        ) from error
    if not tokenizer.has_chat_template:
        if tokenizer.eos_token is None:
            raise SetupError(f"the tokenizer in {folder} has no end-of-text token; use an instruct (chat) model")
        tokenizer.chat_template = BASE_TEMPLATE
        tokenizer.has_chat_template = True
    mx.eval(model.parameters())
    use_one_thread(sum(value.size for _, value in tree_flatten(model.parameters())))
    loaded = LoadedModel(model, tokenizer, folder)
    _try_chat(loaded)
    return loaded


class OneModel:
    """Loads models, and keeps the last one only."""

    def __init__(self) -> None:
        self._held: LoadedModel | None = None

    def load(self, folder: Path) -> LoadedModel:
        if self._held is None or self._held.folder != folder:
            self.release()
            self._held = load_base(folder)
        return self._held

    def release(self) -> None:
        """Give the memory back."""
        if self._held is not None:
            self._held = None
            gc.collect()
            mx.clear_cache()


def load_counter(folder: Path) -> TokenCounter:
    """Counts tokens as the model in `folder` does, whose weights are left where they are.

    Raises:
        SetupError: naming the folder, if its tokenizer cannot be read.
    """
    try:
        return TokenCounter(load_tokenizer(folder, {"trust_remote_code": False}))
    except Exception as error:  # the tokenizer's library raises nothing more special
        raise SetupError(
            f"cannot load the tokenizer in {folder}: {error or type(error).__name__}; copy or download the model again"
        ) from error


def _try_chat(loaded: LoadedModel) -> None:
    """Raises SetupError if a chat cannot be rendered: a template is a program, and may fail in any way."""
    try:
        ids = loaded.render([{"role": "user", "content": "Hello."}], reply=True)
        usable = isinstance(ids, list) and len(ids) > 0 and bool(loaded.encode("Hello.")) and bool(loaded.stop_tokens)
        reason = "it renders nothing"
    except Exception as error:
        usable, reason = False, f"{type(error).__name__}: {error}".splitlines()[0]
    if not usable:
        raise SetupError(
            f"the tokenizer in {loaded.folder} cannot render a chat ({reason}); copy or download the model again, "
            "or use `--model pocket`"
        )
