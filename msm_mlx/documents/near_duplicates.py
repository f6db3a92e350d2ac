"""Finding documents that are nearly the same, in time that grows with their number and not with its square.

How similar two documents are is the Jaccard index of their sets of shingles, runs of three words. MinHash signatures,
cut into bands, find the pairs worth comparing (locality-sensitive hashing): Broder, "On the resemblance and containment
of documents", 1997; Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", sections 3.3 and 3.4.
datasketch 2.0 with its own bands finds 86 % of the pairs at 0.8 that this finds among 10,000 documents of
benchmarks/checks.py; with these bands it finds all, in 3.4 s and 218 MB where this takes 2.0 s and 113 MB.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from msm_mlx.text.ngrams import Hashes, ngrams, word_hashes
from msm_mlx.text.scripts import letters_per_word
from msm_mlx.text.words import normalize

SHINGLE_WORDS = 3
NUM_HASHES = 128
MIN_RECALL = 0.99  # least probability with which a pair exactly at the threshold shares a band
MAX_ROWS = 16  # of a band
# more than three standard errors, sqrt(J * (1 - J) / NUM_HASHES), of an index J = 0.8 that is estimated from signatures
ESTIMATE_MARGIN = 0.15
Signature = NDArray[np.uint32]


class MinHash:
    """NUM_HASHES hash functions h(x) = high half of (a * x + b) modulo 2^64 (multiply-shift), drawn from a seed."""

    def __init__(self, seed: int = 20_26) -> None:
        random = np.random.default_rng(seed)
        self._a = random.integers(1, 2**63, NUM_HASHES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)  # odd
        self._b = random.integers(0, 2**63, NUM_HASHES, dtype=np.uint64)

    def signature(self, shingles: Hashes) -> Signature:
        """The minimum of each hash function over the set (S,): (NUM_HASHES,). That of an empty set is the largest."""
        if not len(shingles):
            return np.full(NUM_HASHES, 2**32 - 1, np.uint32)
        hashes: Hashes = self._a[:, None] * shingles + self._b[:, None]  # (NUM_HASHES, S)
        minima: Hashes = hashes.min(axis=1)
        return (minima >> np.uint64(32)).astype(np.uint32)


def shingles_of(text: str) -> Hashes:
    """The set of the hashes of a text's shingles, sorted: (S,)."""
    return np.unique(ngrams(word_hashes(text), SHINGLE_WORDS * letters_per_word(text)))


def jaccard(a: Hashes, b: Hashes) -> float:
    """|A n B| / |A u B| of two sets of hashes, each without repeats; 1 for two empty sets."""
    union = len(np.unique(np.concatenate((a, b))))
    return (len(a) + len(b) - union) / union if union else 1.0


def choose_bands(threshold: float) -> tuple[int, int]:
    """The number of bands and of rows a band: the longest bands by which a pair at `threshold` is found as a rule.

    Two signatures of Jaccard index s share one of b bands of r rows with the probability 1 - (1 - s^r)^b.
    """
    for rows in range(MAX_ROWS, 0, -1):
        bands = NUM_HASHES // rows
        if 1 - (1 - threshold**rows) ** bands >= MIN_RECALL:
            return bands, rows
    return NUM_HASHES, 1


@dataclass(frozen=True, slots=True)
class _Entry:
    id: str
    shingles: Hashes  # (S,)
    signature: Signature  # (NUM_HASHES,)


class NearDuplicateIndex:
    """Documents, in which copies and near-duplicates of a text are looked up.

    Args:
        threshold: the Jaccard index from which two documents are near-duplicates; None if only copies are looked for.
    """

    def __init__(self, threshold: float | None) -> None:
        self._threshold = threshold
        self._minhash = MinHash()
        self._ids_by_words: dict[bytes, str] = {}
        self._entries: list[_Entry] = []
        self._bands, self._rows = choose_bands(1.0 if threshold is None else threshold)
        self._buckets: list[dict[int, list[int]]] = [{} for _ in range(self._bands)]  # positions in _entries, by band

    def add(self, id: str, text: str) -> None:
        """Take in a document, to be compared with those that come after it."""
        self._ids_by_words.setdefault(_words_digest(text), id)
        if self._threshold is None:
            return
        shingles = shingles_of(text)
        entry = _Entry(id, shingles, self._minhash.signature(shingles))
        for bucket, key in zip(self._buckets, self._band_keys(entry.signature), strict=True):
            bucket.setdefault(key, []).append(len(self._entries))
        self._entries.append(entry)

    def copy_of(self, text: str) -> str | None:
        """The id of the first document that has the same words as `text`."""
        return self._ids_by_words.get(_words_digest(text))

    def nearest(self, text: str, excluding: str | None = None) -> tuple[str, float] | None:
        """The id of the most similar near-duplicate of `text`, and their Jaccard index; None if there is none.

        `excluding` is the id of a document that does not count.
        """
        if self._threshold is None:
            return None
        shingles = shingles_of(text)
        signature = self._minhash.signature(shingles)
        similar = [
            (jaccard(shingles, entry.shingles), entry.id)
            for entry in self._candidates(signature)
            if entry.id != excluding
            and np.mean(entry.signature == signature) >= self._threshold - ESTIMATE_MARGIN  # its index, estimated
        ]
        index, id = max(similar, key=lambda pair: pair[0], default=(-1.0, ""))
        return (id, index) if index >= self._threshold else None

    def _candidates(self, signature: Signature) -> list[_Entry]:
        """The documents that share a band with `signature`, in the order in which they came."""
        keys = zip(self._buckets, self._band_keys(signature), strict=True)
        positions = {position for bucket, key in keys for position in bucket.get(key, ())}
        return [self._entries[position] for position in sorted(positions)]

    def _band_keys(self, signature: Signature) -> list[int]:
        bands = signature[: self._bands * self._rows].reshape(self._bands, self._rows)
        return [hash(band.tobytes()) for band in bands]


def _words_digest(text: str) -> bytes:
    return blake2b(normalize(text).encode("utf-8", "replace"), digest_size=16).digest()
