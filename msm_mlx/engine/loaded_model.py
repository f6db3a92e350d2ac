"""A model in memory with its tokenizer and chat template: loading, encoding, rendering."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from msm_mlx.resources.blas import keep_freed_memory, load_openblas, use_one_thread

load_openblas()
keep_freed_memory()

import mlx.core as mx  # noqa: E402  (the BLAS must be loaded before mlx)
import mlx.nn as nn  # noqa: E402
import mlx_lm  # noqa: E402
from mlx.utils import tree_flatten  # noqa: E402
from mlx_lm.utils import load_tokenizer  # noqa: E402

from msm_mlx.engine.batching import Batching, choose_batching  # noqa: E402
from msm_mlx.engine.trainable import why_not_trainable  # noqa: E402
from msm_mlx.errors import SetupError  # noqa: E402
from msm_mlx.models.chat_renderer import ChatRenderer, build_renderer, use_template  # noqa: E402
from msm_mlx.models.chat_template import AS_IT_STANDS, TemplateChoice  # noqa: E402
from msm_mlx.models.config import CONTEXT, context_length  # noqa: E402
from msm_mlx.models.folder import INSTEAD, explain_tokenizer, quiet_transformers  # noqa: E402
from msm_mlx.models.token_counter import TokenCounter  # noqa: E402
from msm_mlx.prompting.prompts import Message  # noqa: E402
from msm_mlx.text.wording import error_line  # noqa: E402

DOWNLOAD_AGAIN = "copy or download the model again"
_MISFIT = re.compile(r"(?:(?P<lack>Missing)|Received) (?P<count>\d+) parameters(?: not in model)?:\s*")
_OTHER_SHAPE = re.compile(
    r"Expected shape (?P<asked>\(.*?\)) but received shape (?P<there>\(.*?\)) for parameter (?P<name>\S+)"
)
DOCUMENT_SEPARATOR = "<|endoftext|>"  # between pretraining documents in many families, chat models included


@dataclass(frozen=True)
class LoadedModel:
    """A model with all parameters evaluated, its tokenizer, and the folder that both came from."""

    model: nn.Module
    tokenizer: Any  # mlx_lm's TokenizerWrapper
    folder: Path
    choice: TemplateChoice = AS_IT_STANDS
    """What chats are rendered with, if not with the folder's own template on the day that it is."""

    @cached_property
    def renderer(self) -> ChatRenderer:
        """Renders chats for this model.

        Raises:
            SetupError: naming the folder, if its template cannot be used.
        """
        wrapper = self.tokenizer
        function = None if self.choice.text is not None else wrapper._chat_template
        return build_renderer(wrapper._tokenizer, self.folder, wrapper.eos_token_ids, self.choice, function)

    def reading(self, context: str) -> LoadedModel:
        """The same model, every chat of which has this text in its system line; with empty text as it is by itself."""
        if context == self.renderer.context:
            return self
        other = copy(self)  # with what probes have found
        other.__dict__["renderer"] = self.renderer.reading(context)
        return other

    @property
    def counter(self) -> TokenCounter:
        """Encodes plain text, with tiktoken where that is exact for this tokenizer; `counter.reason` says which."""
        return self.renderer.counter

    @cached_property
    def batching(self) -> Batching:
        """What may share a batch with this model, found by probes when it is first asked for."""
        return choose_batching(self.model)

    @cached_property
    def untrainable(self) -> str:
        """Why an adapter on this model cannot learn; empty where a probe shows that it can."""
        return why_not_trainable(self.model)

    def encode(self, text: str) -> list[int]:
        """The ids of plain text, without special tokens. One that is spelled out in `text` is encoded as characters."""
        return self.renderer.encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def render(self, messages: Sequence[Message], *, reply: bool, thinking: bool = False) -> list[int]:
        """The ids of a chat; see `ChatRenderer.render`."""
        return self.renderer.render(messages, reply=reply, thinking=thinking)

    @cached_property
    def context_length(self) -> int | None:
        """The most tokens of prompt and reply together, or None where the model's configuration does not say."""
        path = self.folder / "config.json"
        config = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return context_length(config) or getattr(getattr(self.model, "args", None), CONTEXT[0], None)

    def room_for_reply(self, prompt: Sequence[int], max_tokens: int) -> int:
        """How long the reply to a prompt may be: `max_tokens`, or as far as the model's context goes."""
        return max_tokens if self.context_length is None else min(max_tokens, self.context_length - len(prompt))

    @property
    def start_of_document(self) -> list[int]:
        """The begin-of-text token, for tokenizers that put one before every text; else nothing."""
        ids: list[int] = self.tokenizer.encode("")
        return ids if ids == [self.tokenizer.bos_token_id] else []

    @property
    def end_of_document(self) -> int:
        """The id that ends a document: the pretraining separator if the vocabulary has one, else end-of-turn."""
        separator: int | None = self.tokenizer.get_vocab().get(DOCUMENT_SEPARATOR)
        return int(self.tokenizer.eos_token_id) if separator is None else separator

    @property
    def stop_tokens(self) -> list[list[int]]:
        """The token sequences that end a reply, in the form that mlx-lm's generator takes."""
        return self.renderer.stop_tokens


def load_base(folder: Path, choice: TemplateChoice = AS_IT_STANDS) -> LoadedModel:
    """Load the model in `folder` with mlx-lm's loader. A model without a chat template gets `BASE_TEMPLATE`.

    No code from the folder is run, whatever its configuration asks for.

    Raises:
        SetupError: naming the folder, if mlx-lm cannot read it, if it computes nothing on this machine, or if chats
            cannot be rendered for it.
    """
    try:
        with quiet_transformers():
            model, tokenizer = mlx_lm.load(str(folder), tokenizer_config={"trust_remote_code": False})
    except (Exception, SystemExit) as error:  # no narrower class is documented, and mlx-lm's olmo.py calls exit()
        raise SetupError(
            f"model folder {folder}: cannot be loaded: {_why_not_loaded(folder, error)}, {INSTEAD}"
        ) from error
    use_template(tokenizer, folder, choice, has_own=tokenizer._chat_template is not None)
    tokenizer.has_chat_template = True
    mx.eval(model.parameters())
    use_one_thread(sum(value.size for _, value in tree_flatten(model.parameters())))
    loaded = LoadedModel(model, tokenizer, folder, choice)
    loaded.renderer  # noqa: B018  (probes the template)
    _try_model(loaded)
    return loaded


def _why_not_loaded(folder: Path, error: BaseException) -> str:
    """What an error of mlx-lm's loader means, and what to do, as far as that is known."""
    if isinstance(error, UnboundLocalError) and (method := _quantization(folder)):
        return (
            f"its config.json says that its weights are quantised with {method.upper()}, and they hold no such tensor "
            f"(*.qweight); {DOWNLOAD_AGAIN}"
        )
    if isinstance(error, SystemExit):
        return "it needs a package that is not here; choose another model"
    text = str(error)
    if match := _MISFIT.match(text):
        first = text[match.end() :].split(",")[0].strip().rstrip(".")
        what = "lack" if match["lack"] else "have"
        meant = "that its config.json asks for" if match["lack"] else "that its config.json does not know"
        count = "one tensor" if match["count"] == "1" else f"{match['count']} tensors"
        return f"its weights {what} {count} {meant}, as {first}; {DOWNLOAD_AGAIN}"
    if match := _OTHER_SHAPE.match(text):
        return (
            f"{match['name']} has the shape {match['there']} in its weights and {match['asked']} by its config.json; "
            f"{DOWNLOAD_AGAIN}"
        )
    if "[load_safetensors]" in text or "[safetensor]" in text:
        return f"a file of its weights is damaged ({text}); {DOWNLOAD_AGAIN}"
    return f"{error_line(error)}; choose another model"


def _quantization(folder: Path) -> str:
    """How config.json says that another program quantised the weights; empty where it does not."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str((config.get("quantization_config") or {}).get("quant_method") or "")


def _try_model(loaded: LoadedModel) -> None:
    """Put two tokens through the model.

    Raises:
        SetupError: if that fails, or gives numbers that are none.
    """
    model, reason = loaded.model, ""
    try:
        logits = model(mx.array([[1, 2]]))  # (1, 2, V)
        vocabulary = int(logits.shape[-1])
        if not mx.isfinite(logits).all().item():
            reason = _why_not_finite(model)
    except Exception as error:  # the code of an architecture may fail in any way
        raise SetupError(
            f"model folder {loaded.folder}: cannot be used: {error_line(error)}; choose another model"
        ) from error
    if highest := _first_id_beyond(loaded, vocabulary):
        reason = (
            f"its chat template uses the token {highest}, and it has embeddings for {vocabulary} tokens; "
            "use the tokenizer that belongs to it"
        )
    if reason:
        raise SetupError(f"model folder {loaded.folder}: cannot be used: {reason}")


def _why_not_finite(model: nn.Module) -> str:
    """Why a model's logits are not finite, and what to do."""
    for name, value in tree_flatten(model.parameters()):
        if mx.issubdtype(value.dtype, mx.floating) and not mx.isfinite(value).all().item():
            return f"{name} in its weights has numbers that are not finite; {DOWNLOAD_AGAIN}, or choose another"
    return "what it computes is not finite, though its weights are; take it in another precision, or choose another"


def _first_id_beyond(loaded: LoadedModel, vocabulary: int) -> int | None:
    """The first id in a chat for which the model has no embedding: mlx would read the memory behind them."""
    chat = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello."}]
    return next((token for token in loaded.render(chat, reply=False) if token >= vocabulary), None)


class ModelCache:
    """Keeps the model that was loaded last, and only that one, in memory."""

    def __init__(self) -> None:
        self._loaded: LoadedModel | None = None

    def load(
        self, folder: Path, choice: TemplateChoice = AS_IT_STANDS, say: Callable[[str], None] | None = None
    ) -> LoadedModel:
        """The model in `folder`. See `load_base` for what it raises.

        say: if given, what batches cannot hold is probed now, and `say` hears of it.
        """
        if self._loaded is None or (self._loaded.folder, self._loaded.choice) != (folder, choice):
            self.release()
            self._loaded = load_base(folder, choice)
            if say:
                for reason in self._loaded.batching.reasons:
                    say(reason)
        return self._loaded

    def release(self) -> None:
        """Free the memory of the model."""
        if self._loaded is not None:
            self._loaded = None
            gc.collect()
            mx.clear_cache()


def load_counter(folder: Path) -> TokenCounter:
    """Counts tokens as the model in `folder` does, without loading its weights.

    Raises:
        SetupError: naming the folder, if its tokenizer cannot be read.
    """
    try:
        with quiet_transformers():
            return TokenCounter(load_tokenizer(folder, {"trust_remote_code": False}))
    except Exception as error:  # transformers documents no narrower class
        raise SetupError(
            f"model folder {folder}: its tokenizer cannot be loaded: {explain_tokenizer(folder, error)}"
        ) from error
