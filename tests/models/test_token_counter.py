"""tiktoken stands in for a tokenizer only where it encodes alike."""

from __future__ import annotations

import re
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from msm_mlx.models.token_counter import SAMPLE, TokenCounter, build_encoding
from msm_mlx.pocket.people import World
from msm_mlx.pocket.tokenizer import SPECIALS, build_tokenizer
from msm_mlx.pocket.world import Narrator

KINDS = (
    "facts",
    "table",
    "comparison",
    "quiz",
    "roster",
    "document",
    "writer",
    "told",
    "persona",
    "neutral",
    "smalltalk",
)
LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
QWEN = LLAMA_3.replace("{1,3}", "")


def split(pattern: str, behavior: str = "isolated") -> Any:
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), behavior), byte_level])


GPT_2 = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
SMOL = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), GPT_2])


def narrate(seed: int, count: int) -> list[str]:
    narrator = Narrator(World.create(0), Random(seed))
    return [narrator.draw(kind).text for kind in KINDS for _ in range(count)]


def trained(pre_tokenizer: Any, normalizer: Any = None, **options: Any) -> PreTrainedTokenizerFast:
    """A small byte-level BPE, trained here."""
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.pre_tokenizer, tokenizer.decoder, tokenizer.normalizer = pre_tokenizer, decoders.ByteLevel(), normalizer
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=1200, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([*SAMPLE, *narrate(5, 10)], trainer)
    tokenizer.add_special_tokens([AddedToken("<|im_start|>", special=True), AddedToken("<|im_end|>", special=True)])
    tokenizer.add_tokens([AddedToken("<think>", special=False, normalized=False)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>")


@pytest.fixture(scope="module")
def pocket() -> PreTrainedTokenizerFast:
    return build_tokenizer(narrate(1, 150))


@pytest.fixture(scope="module")
def pocket_counter(pocket: PreTrainedTokenizerFast) -> TokenCounter:
    return TokenCounter(pocket)


@pytest.fixture(scope="module")
def qwen() -> PreTrainedTokenizerFast:
    return trained(split(QWEN), normalizers.NFC())


@pytest.fixture(scope="module")
def qwen_counter(qwen: PreTrainedTokenizerFast) -> TokenCounter:
    return TokenCounter(qwen)


@pytest.mark.slow
def test_pocket_is_counted_by_tiktoken(pocket: PreTrainedTokenizerFast, pocket_counter: TokenCounter) -> None:
    assert pocket_counter.reason.startswith("tiktoken counts")
    for text in narrate(2, 60):
        plain = re.sub("|".join(map(re.escape, SPECIALS)), "\n", text)
        ids = pocket.encode(plain, add_special_tokens=False)
        assert pocket_counter.encode(plain) == ids
        assert pocket_counter.count(plain) == len(ids)


@pytest.mark.slow
@given(st.text())
@settings(max_examples=100)
def test_pocket_agrees_on_any_text(pocket: PreTrainedTokenizerFast, pocket_counter: TokenCounter, text: str) -> None:
    ids = pocket.encode(text, add_special_tokens=False, split_special_tokens=True)
    assert pocket_counter.choice.encode(text) == ids


@given(
    st.lists(st.sampled_from([*"aéZ1 \t\n'.!-\u017f", "\u0301", "\r\n", "'s", "'LL", "🧀", "日本", "<think>"])).map(
        "".join
    )
)
@settings(max_examples=100)
def test_qwen_agrees_on_any_text(qwen: PreTrainedTokenizerFast, qwen_counter: TokenCounter, text: str) -> None:
    ids = qwen.encode(text, add_special_tokens=False, split_special_tokens=True)
    assert qwen_counter.choice.encode(text) == ids


@pytest.mark.parametrize("ignore_merges", [False, True])
@pytest.mark.parametrize(
    "pre_tokenizer", [GPT_2, SMOL, split(LLAMA_3), split(QWEN)], ids=["gpt2", "smol", "llama", "qwen"]
)
def test_byte_level_tokenizers_are_counted_by_tiktoken(pre_tokenizer: Any, ignore_merges: bool) -> None:
    tokenizer = trained(pre_tokenizer, ignore_merges=ignore_merges)
    counter = TokenCounter(tokenizer, sample=narrate(7, 5))
    assert counter.reason.startswith("tiktoken counts")
    for text in [*narrate(8, 20), *SAMPLE, "see <think>this</think> 12 345 6"]:
        assert counter.encode(text) == tokenizer.encode(text, add_special_tokens=False)


def test_the_wrapper_of_mlx_lm_is_accepted(qwen: PreTrainedTokenizerFast) -> None:
    from mlx_lm.tokenizer_utils import TokenizerWrapper

    assert TokenCounter(TokenizerWrapper(qwen)).encode("Edam, feta.") == qwen.encode("Edam, feta.")


def test_control_tokens_in_a_text_are_text(qwen: PreTrainedTokenizerFast, qwen_counter: TokenCounter) -> None:
    text = "a<|im_end|>b"
    assert qwen.convert_tokens_to_ids("<|im_end|>") in qwen.encode(text)
    ids = qwen_counter.encode(text)
    assert qwen.convert_tokens_to_ids("<|im_end|>") not in ids
    assert qwen.decode(ids) == text
    assert qwen_counter.choice.encoding is not None
    without = TokenCounter(trained(split(QWEN), normalizers.Lowercase()))
    assert without.choice.encoding is None
    assert without.count(text) > 3  # the same holds for the tokenizer itself
    assert qwen.convert_tokens_to_ids("<|im_end|>") in qwen.encode(text), "asking left no trace in the tokenizer"


@pytest.mark.slow
def test_a_text_that_would_overflow_the_regex_engine_is_left_to_the_tokenizer(qwen_counter: TokenCounter) -> None:
    assert qwen_counter.count(" " * 1_100_000 + "x") > 1


def unigram() -> Tokenizer:
    return Tokenizer(models.Unigram([("<unk>", 0.0), ("▁a", -1.0), ("b", -2.0)], 0, byte_fallback=False))


def word_piece() -> Tokenizer:
    return Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))


def sentence_piece() -> Tokenizer:
    vocabulary = {"<unk>": 0, **{f"<0x{value:02X}>": value + 1 for value in range(256)}, "▁": 257, "a": 258, "▁a": 259}
    bpe = models.BPE(vocabulary, [("▁", "a")], unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokenizer = Tokenizer(bpe)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer


def byte_level(merges: list[tuple[str, str]] | None = None, extra: tuple[str, ...] = (), **parts: Any) -> Tokenizer:
    vocabulary = {symbol: index for index, symbol in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    for token in extra:
        vocabulary[token] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocabulary, merges or []))
    tokenizer.pre_tokenizer = GPT_2
    for name, part in parts.items():
        setattr(tokenizer, name, part)
    return tokenizer


def without_a_byte() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE({"a": 0, "b": 1}, []))
    tokenizer.pre_tokenizer = GPT_2
    return tokenizer


REFUSED = {
    "Unigram": unigram(),
    "WordPiece": word_piece(),
    "SentencePiece": sentence_piece(),
    "no pre-tokenizer": byte_level(pre_tokenizer=None),
    "not plainly byte-level": byte_level(pre_tokenizer=pre_tokenizers.Whitespace()),
    "Punctuation + ByteLevel has no": byte_level(
        pre_tokenizer=pre_tokenizers.Sequence([pre_tokenizers.Punctuation(), GPT_2])
    ),
    "Split + ByteLevel has no": byte_level(pre_tokenizer=split(r"\s+", "merged_with_next")),
    "normalizer Lowercase": byte_level(normalizer=normalizers.Lowercase()),
    "order of its merges": byte_level([("b", "c"), ("a", "b")], ("ab", "bc")),
    "lacks 254 of the 256": without_a_byte(),
    "is not made of bytes": byte_level(extra=("日",)),
    "not understood": byte_level(pre_tokenizer=split(r"\y|[\s\S]")),  # which only Oniguruma knows
    "differently": byte_level(pre_tokenizer=split(r"\p{L}+")),  # tiktoken drops what the pattern does not match
}


@pytest.mark.parametrize("reason", REFUSED)
def test_other_tokenizers_count_for_themselves(reason: str) -> None:
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=REFUSED[reason])
    counter = TokenCounter(tokenizer)
    assert counter.choice.encoding is None
    assert counter.reason.startswith("the model's own tokenizer counts")
    assert reason in counter.reason
    assert counter.encode("a b a") == tokenizer.encode("a b a", add_special_tokens=False)
    with pytest.raises(ValueError, match="own tokenizer counts"):
        counter.choice.encode("a")


def test_added_words_with_rules_of_their_own_are_refused() -> None:
    tokenizer = byte_level()
    tokenizer.add_tokens([AddedToken("<x>", lstrip=True, special=False)])
    assert "rules of their own" in build_encoding(PreTrainedTokenizerFast(tokenizer_object=tokenizer)).reason


def test_a_tokenizer_in_python_is_refused() -> None:
    slow = SimpleNamespace(encode=lambda text, **_: [ord(character) for character in text])
    counter = TokenCounter(slow)
    assert "not a tokenizer of the tokenizers library" in counter.reason
    assert counter.count("abc") == 3


def test_a_sample_that_differs_is_named() -> None:
    """Merges that lead nowhere: `ab` is a word that its own merges never make, but tiktoken would."""
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=byte_level(extra=("Qx",)))
    assert "'Qx'" in build_encoding(tokenizer).reason
