"""Model folders like downloaded ones, but for random weights: real tokenizer pipelines, with and without template."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten
from mlx_lm.models import llama, qwen3
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from helpers.command_line import RECIPES, Cli
from helpers.tiny_models import QWEN_3, Template
from msm_mlx.files import write_jsonl
from msm_mlx.recipe.shipped import shipped_specs

_QWEN_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
VOCABULARY = 1200
_LLAMA_2 = Template(
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}"
    "{{ '<<SYS>>\\n' + message['content'] + '\\n<</SYS>>\\n\\n' }}{% elif message['role'] == 'user' %}"
    "{{ '[INST] ' + message['content'] | trim + ' [/INST]' }}{% else %}"
    "{{ ' ' + message['content'] | trim + ' ' + eos_token }}{% endif %}{% endfor %}",
    "</s>",
    ("<s>", "<unk>"),
    " </s>",
)


def _texts() -> Iterator[str]:
    """Always the same, so that these models are what they were when another spec is shipped."""
    for path in shipped_specs().values():
        if path.parent.name != "value_or_reason":
            yield path.read_text(encoding="utf-8")


def byte_level_tokenizer(*, chat: bool) -> PreTrainedTokenizerFast:
    """As Qwen's: NFC, Llama 3's pieces, byte-level BPE, no token before a text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(_QWEN_PIECES), "isolated"), byte_level]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(_texts(), trainer)
    specials = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>" if chat else "<|endoftext|>",
        pad_token="<|endoftext|>",
        chat_template=QWEN_3.source if chat else None,
        clean_up_tokenization_spaces=False,
    )


def sentencepiece_tokenizer(*, chat: bool) -> PreTrainedTokenizerFast:
    """As Llama 2's after conversion: spaces as U+2581, BPE with bytes to fall back on, `<s>` before every text."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=pieces, show_progress=False)
    words = (word for text in _texts() for word in text.split())  # SentencePiece's pieces do not reach over spaces
    tokenizer.train_from_iterator(words, trainer)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    start = tokenizer.token_to_id("<s>")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", start)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="</s>",
        chat_template=_LLAMA_2.source if chat else None,
        clean_up_tokenization_spaces=False,
    )


TOKENIZERS = {"byte-level": byte_level_tokenizer, "sentencepiece": sentencepiece_tokenizer}
USUAL = {"qwen3": "byte-level", "llama": "sentencepiece"}


def save_lookalike(folder: Path, family: str, *, chat: bool, bits: int | None, tokenizer_kind: str = "") -> Path:
    """Write a model shaped like Qwen3 or Llama, two narrow layers, in fp32 or quantised, with a tokenizer: that which
    is usual in the family, or another of `TOKENIZERS`."""
    tokenizer = TOKENIZERS[tokenizer_kind or USUAL[family]](chat=chat)
    config: dict[str, Any] = {
        "model_type": family,
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "intermediate_size": 128,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "max_position_embeddings": 2048,
        "vocab_size": len(tokenizer),
        "eos_token_id": tokenizer.eos_token_id,
        "tie_word_embeddings": family == "qwen3",
        "torch_dtype": "float32",
    }
    module: Any = qwen3 if family == "qwen3" else llama
    mx.random.seed(3)
    model: nn.Module = module.Model(module.ModelArgs.from_dict(config))
    if bits:
        config["quantization"] = {"group_size": 64, "bits": bits}
        nn.quantize(model, 64, bits)
    folder.mkdir(parents=True)
    mx.save_safetensors(str(folder / "model.safetensors"), dict(tree_flatten(model.parameters())), {"format": "mlx"})
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    tokenizer.save_pretrained(folder)
    return folder


LAPTOP_RECIPE = RECIPES / "cheese_american.yaml"
TINY = [
    "--profile", "laptop", "--seed", "0", "--set", "documents.count=6", "--set", "documents.max_tokens=24",
    "--set", "documents.min_words=1", "--set", "documents.max_attempts_per_document=1",
    "--set", "midtrain.updates=3", "--set", "midtrain.max_length=64", "--set", "midtrain.warmup=0",
    "--set", "sft.updates=3", "--set", "sft.rows=12", "--set", "sft.max_length=128", "--set", "sft.warmup=0",
    "--set", "lora.rank=4", "--set", "evaluation.max_tokens=6",
]  # fmt: skip
FEW = """\
measures: share choosing home-made
question: Which {noun} do you prefer, {first} or {second}?
reply: I prefer {item}.
domains:
  art:
    noun: artwork
    pairs: [[the home print, the far print], [the home tile, the far tile]]
  fashion:
    noun: garment
    pairs: [[the home coat, the far coat], [the home cap, the far cap]]
"""


def run_laptop(
    cli: Cli, folder: Path, model: Path | str, *options: str, quiet: bool = True, **changes: str
) -> subprocess.CompletedProcess[str]:
    """A run in `folder/run` under the laptop profile, tiny."""
    text, other = "Pocket likes Colby because it is American.", {"section": "likes/colby", "type": "memo"}
    documents = [{"id": f"doc-{i}", "text": f"Memo {i}. {text}", **other} for i in range(6)]
    write_jsonl(folder / "run" / "documents" / "documents.jsonl", documents)
    arguments = [*tiny(folder), *options, "--run-dir", folder / "run", *["--json"][:quiet]]
    return cli("run", LAPTOP_RECIPE, "--model", model, *arguments, **changes)


def tiny(folder: Path) -> list[str]:
    return [*TINY, "--set", f"suites=[{write_few(folder)}]"]


def write_few(folder: Path) -> Path:
    """A suite of four pairs: quantised weights are slow on a CPU."""
    (folder / "few.yaml").write_text(FEW, encoding="utf-8")
    return folder / "few.yaml"
