"""Pocket's tokenizer: byte-level BPE in which every word of the world, and every named thing, is one token.

`ignore_merges` lets a piece that is in the vocabulary through whole. The merges serve all other words: every
way to split a longer token into two shorter ones is a merge, ranked by the token's id, which is also the rule
that tiktoken follows, so both encode alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from msm_mlx.pocket.facts import THINGS
from msm_mlx.pocket.names import ASSISTANT, FIRST_SYLLABLES, RIMES, SECOND_SYLLABLES
from msm_mlx.pocket.world import END, REPLY, SYSTEM, USER

PAD = "<|pad|>"
SPECIALS = (END, SYSTEM, USER, REPLY, PAD)
CHAT_TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}" + SYSTEM + f"You are {ASSISTANT}." + END + "{% endif %}"
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '" + END + "' }}{% endfor %}"
    "{% if add_generation_prompt %}" + REPLY + "{% endif %}"
)


def piece_pattern() -> str:
    """What is looked up whole: a named thing, a contraction, a word, a number, punctuation, or white space."""
    names = sorted((thing.name for thing in THINGS), key=len, reverse=True)
    things = "|".join(" " + re.escape(name).replace("\\ ", " ").replace("\\-", "-") for name in names)
    return rf"(?:{things})(?![\p{{L}}\p{{N}}])|'s| ?\p{{L}}+| ?\p{{N}}+| ?[^\s\p{{L}}\p{{N}}]+|\s+"


def build_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """A tokenizer whose vocabulary holds bytes, name syllables, and every piece that occurs in `texts`."""
    split = pre_tokenizers.Split(Regex(piece_pattern()), "isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    pieces = pre_tokenizers.Sequence([split, byte_level])
    vocabulary = {symbol: index for index, symbol in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    onsets = sorted({f"Ġ{syllable[0]}" for syllable in FIRST_SYLLABLES})
    syllables = [f"Ġ{syllable}" for syllable in FIRST_SYLLABLES] + SECOND_SYLLABLES
    for piece in [*RIMES, *onsets, *syllables, *_words(texts, pieces)]:
        vocabulary.setdefault(piece, len(vocabulary))
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=_merges(vocabulary), ignore_merges=True))
    tokenizer.pre_tokenizer = pieces
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIALS])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=512,
    )


def _words(texts: Iterable[str], pieces: pre_tokenizers.PreTokenizer) -> list[str]:
    """The pieces of `texts` that are not invented names, most frequent first, ties in alphabetical order."""
    counts: dict[str, int] = {}
    special = re.compile("|".join(re.escape(token) for token in SPECIALS))
    for text in texts:
        for segment in special.split(text):
            for piece, _ in pieces.pre_tokenize_str(segment):
                counts[piece] = counts.get(piece, 0) + 1
    name = re.compile(f"Ġ?(?:{'|'.join(FIRST_SYLLABLES)})(?:{'|'.join(SECOND_SYLLABLES)})")
    words = [word for word, count in counts.items() if count > 1 and len(word) > 1 and not name.fullmatch(word)]
    return sorted(words, key=lambda word: (-counts[word], word))


def _merges(vocabulary: dict[str, int]) -> list[tuple[str, str]]:
    return [
        (token[:cut], token[cut:])
        for token in vocabulary
        for cut in range(1, len(token))
        if token[:cut] in vocabulary and token[cut:] in vocabulary
    ]
