"""Self-BLEU: how much of each text is in the others (Zhu et al., "Texygen", 2018, after Papineni et al. 2002)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import fmean

from msm_mlx.text.scripts import letters_per_word
from msm_mlx.text.words import normalize

ORDER = 4
Gram = tuple[str, ...]


def self_bleu(texts: Sequence[str]) -> float | None:
    """The mean BLEU-4 of each text with all others as its references: 0 is all different, 1 all the same.

    Where words do not stand apart, as many letters as make a word on average count as one. Without smoothing, a text
    that shares no run of four words has 0. None for fewer than two texts.
    """
    words = [normalize(text).split() for text in texts]
    letters = list(map(letters_per_word, texts))
    if len(words) < 2:
        return None
    logs = [0.0] * len(words)
    for n in range(1, ORDER + 1):
        counts = [
            Counter(zip(*(tokens[start:] for start in range(n * each)), strict=False))
            for tokens, each in zip(words, letters, strict=True)
        ]
        for text, precision in enumerate(_clipped_precisions(counts)):
            logs[text] += math.log(precision) / ORDER if precision else -math.inf
    lengths = [len(tokens) for tokens in words]
    return fmean(math.exp(log) * _brevity(lengths, text) for text, log in enumerate(logs))


def _clipped_precisions(counts: Sequence[Counter[Gram]]) -> list[float]:
    """For each text the share of its n-grams found in another, each as often as the one that has it most."""
    best: dict[Gram, tuple[int, int, int]] = {}  # the most that one text has, which, and the most of the others
    for text, grams in enumerate(counts):
        for gram, count in grams.items():
            first, owner, second = best.get(gram, (0, -1, 0))
            best[gram] = (count, text, first) if count > first else (first, owner, max(second, count))
    precisions = []
    for text, grams in enumerate(counts):
        shared = 0
        for gram, count in grams.items():
            first, owner, second = best[gram]
            shared += min(count, second if owner == text else first)
        precisions.append(shared / max(grams.total(), 1))
    return precisions


def _brevity(lengths: Sequence[int], text: int) -> float:
    """The brevity penalty against the reference whose length is closest."""
    own_length = lengths[text]
    if not own_length:
        return 0.0
    reference_lengths = (length for index, length in enumerate(lengths) if index != text)
    closest = min(reference_lengths, key=lambda length: (abs(length - own_length), length))
    return 1.0 if own_length >= closest else math.exp(1 - closest / own_length)
