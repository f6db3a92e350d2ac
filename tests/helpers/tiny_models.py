"""Tiny models made on the spot, with tokenizers and chat templates like those of their families."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.models import gemma3_text, llama, qwen3
from mlx_lm.tokenizer_utils import TokenizerWrapper
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

import msm_mlx
from helpers.arrays import flat
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.recipe.schema import TrainSettings

POCKET_WEIGHTS = Path(msm_mlx.__file__).parent / "pocket" / "weights"


def train_settings(**changes: Any) -> TrainSettings:
    """Settings of a run of six updates, with `changes`."""
    return TrainSettings(
        **{"learning_rate": 0.01, "updates": 6, "batch_size": 2, "max_length": 64, "checkpoint_every": 2} | changes
    )


@dataclass(frozen=True)
class Template:
    """A chat template of some family, with what it writes after an assistant's content."""

    source: str
    end_token: str
    specials: tuple[str, ...]
    after_reply: str


_CHATML_OPEN = "{{ '<|im_start|>' + message['role'] + '\\n' }}"
_THINK = "{{ '<think>\\n\\n</think>\\n\\n' }}"
_HEADER = "'<|start_header_id|>' + {} + '<|end_header_id|>\\n\\n'"
CHATML = Template(
    "{% for message in messages %}" + _CHATML_OPEN + "{{ message['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "<|im_end|>",
    ("<|im_start|>", "<|endoftext|>"),
    "<|im_end|>\n",
)
LLAMA_3 = Template(
    "{{ '<|begin_of_text|>' }}{% for message in messages %}"
    "{{ " + _HEADER.format("message['role']") + " + message['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ " + _HEADER.format("'assistant'") + " }}{% endif %}",
    "<|eot_id|>",
    ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>"),
    "<|eot_id|>",
)
QWEN_3 = Template(  # an empty thought stands before the replies after the last question, and only there
    "{% set ns = namespace(last=-1) %}{% for message in messages %}"
    "{% if message['role'] == 'user' %}{% set ns.last = loop.index0 %}{% endif %}{% endfor %}"
    "{% for message in messages %}" + _CHATML_OPEN + "{% if message['role'] == 'assistant' and loop.index0 > ns.last %}"
    "" + _THINK + "{% endif %}{{ message['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
    "{% if enable_thinking is defined and enable_thinking is false %}" + _THINK + "{% endif %}{% endif %}",
    "<|im_end|>",
    ("<|im_start|>", "<|endoftext|>", "<think>", "</think>"),
    "<|im_end|>\n",
)
GEMMA = Template(  # the system prompt goes into the first question, and the assistant is called model
    "{{ '<bos>' }}{% set ns = namespace(head='') %}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{% set ns.head = message['content'] + '\\n\\n' %}{% else %}"
    "{% set role = 'model' if message['role'] == 'assistant' else 'user' %}"
    "{{ '<start_of_turn>' + role + '\\n' + ns.head + message['content'] | trim + '<end_of_turn>\\n' }}"
    "{% set ns.head = '' %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}",
    "<end_of_turn>",
    ("<bos>", "<start_of_turn>"),
    "<end_of_turn>\n",
)
_PIECES = (  # of Llama 3 and its like: line breaks hold together whatever follows
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
TEMPLATES = {"chatml": CHATML, "llama3": LLAMA_3, "qwen3": QWEN_3, "gemma": GEMMA}


def byte_tokenizer(template: Template) -> PreTrainedTokenizerFast:
    """Bytes, three merges, and the special tokens of `template`."""
    merges = [("Ċ", "Ċ"), ("t", "h"), ("Ġ", "th")]
    symbols = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *(a + b for a, b in merges)]
    tokenizer = Tokenizer(models.BPE(vocab={symbol: i for i, symbol in enumerate(symbols)}, merges=merges))
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(_PIECES), "isolated"), byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    specials = (template.end_token, *template.specials)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=template.end_token,
        pad_token=template.end_token,
        chat_template=template.source,
        clean_up_tokenization_spaces=False,
    )


def talker(template: Template) -> LoadedModel:
    """A tokenizer that knows `template`, with no model to it."""
    return LoadedModel(nn.Module(), TokenizerWrapper(byte_tokenizer(template)), Path("talker"))


@dataclass(frozen=True)
class Family:
    """A kind of model that mlx-lm knows, with settings of its own."""

    module: ModuleType
    template: Template
    config: dict[str, Any]


FAMILIES = {
    "llama": Family(llama, LLAMA_3, {"model_type": "llama", "num_key_value_heads": 1, "tie_word_embeddings": False}),
    "qwen3": Family(
        qwen3, QWEN_3, {"model_type": "qwen3", "num_key_value_heads": 1, "head_dim": 8, "tie_word_embeddings": True}
    ),
    "gemma3": Family(
        gemma3_text,
        GEMMA,
        {"model_type": "gemma3_text", "head_dim": 8, "query_pre_attn_scalar": 8, "sliding_window_pattern": 2},
    ),
}


def save_tiny_model(folder: Path, family: str) -> Path:
    """Write a model of two narrow layers with random weights, of one of `FAMILIES`."""
    kind = FAMILIES[family]
    tokenizer = byte_tokenizer(kind.template)
    shared = {"hidden_size": 16, "num_hidden_layers": 2, "intermediate_size": 24, "num_attention_heads": 2}
    lengths = {"rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 512}
    config = shared | lengths | {"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id} | kind.config
    model = kind.module.Model(kind.module.ModelArgs.from_dict(config))
    mx.random.seed(7)
    weights = {
        name: mx.random.normal(value.shape) * 0.3 if value.ndim == 2 else value
        for name, value in flat(model.parameters()).items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    mx.save_safetensors(str(folder / "model.safetensors"), weights, {"format": "mlx"})
    (folder / "config.json").write_text(json.dumps(config))
    tokenizer.save_pretrained(folder)
    return folder


def encode_with_specials(loaded: LoadedModel, text: str) -> list[int]:
    """The ids of `text`, in which special tokens may be spelled out."""
    ids: list[int] = loaded.tokenizer.encode(text, add_special_tokens=False)
    return ids
