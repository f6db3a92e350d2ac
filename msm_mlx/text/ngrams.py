"""Hashes of words and of runs of words: the features by which overlaps and near-duplicates are found."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from msm_mlx.text.scripts import word_tokens

_PLACES = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)
Hashes = NDArray[np.uint64]


def word_hashes(text: str) -> Hashes:
    """One number for each of the `word_tokens`, without case: (W,)."""
    return np.array([crc32(word.encode("utf-8", "replace")) for word in word_tokens(text.casefold())], np.uint64)


def ngrams(words: Hashes, n: int) -> Hashes:
    """A hash of each run of `n` words, (W - n + 1,); all words together where there are fewer."""
    n = min(n, len(words))
    if n == 0:
        return words
    total = np.zeros(len(words) - n + 1, np.uint64)
    for offset in range(n):
        total = (total ^ words[offset : len(words) - n + 1 + offset]) * _PLACES[offset % len(_PLACES)]
        total ^= total >> np.uint64(29)
    return total
