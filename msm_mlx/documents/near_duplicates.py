"""Finding documents that are nearly the same, in time that grows with their number and not with its square.

Two documents are as alike as the sets of their word triples (Jaccard). MinHash signatures, cut into bands, find the
pairs worth comparing: Broder, "On the resemblance and containment of documents", 1997; Leskovec, Rajaraman and Ullman,
"Mining of Massive Datasets", section 3.4.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from msm_mlx.text.ngrams import Hashes, ngrams, word_hashes
from msm_mlx.text.words import normalize

SHINGLE = 3  # words
HASHES = 128
RECALL = 0.99  # of the pairs exactly at the threshold, what is found at least
SPREAD = 0.15  # more than three standard errors of a likeness estimated from HASHES at 0.8
BLOCK = 4096  # documents by which the table of signatures grows
_RANDOM = np.random.default_rng(20_26)
_MULTIPLIERS = _RANDOM.integers(1, 2**63, HASHES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_OFFSETS = _RANDOM.integers(0, 2**63, HASHES, dtype=np.uint64)


def shingles(text: str) -> Hashes:
    """The set of the hashes of a text's word triples, sorted: (S,)."""
    return np.unique(ngrams(word_hashes(text), SHINGLE))


def likeness(one: Hashes, other: Hashes) -> float:
    """The Jaccard index of two sets of hashes, each sorted and without repeats."""
    if not len(one) or not len(other):
        return float(len(one) == len(other))
    common = len(one) + len(other) - len(np.unique(np.concatenate((one, other))))
    return common / (len(one) + len(other) - common)


def bands_for(threshold: float) -> tuple[int, int]:
    """Bands and rows a band: the longest bands by which a pair at `threshold` is still found with RECALL."""
    for rows in range(16, 0, -1):
        bands = HASHES // rows
        if 1 - (1 - threshold**rows) ** bands >= RECALL:
            return bands, rows
    return HASHES, 1


class NearDuplicateIndex:
    """Documents of which none is nearly the same as one before.

    `threshold` is the likeness from which two are nearly the same; above 1 only equal texts are found.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.bands, self.rows = bands_for(threshold)
        self.ids: list[str] = []
        self._folded: dict[bytes, int] = {}
        self._sets: list[Hashes] = []
        self._signatures = np.zeros((BLOCK, HASHES), np.uint32)
        # each band has a chain of the documents that share it: the last of them, and before each the one before
        self._last: list[dict[int, int]] = [{} for _ in range(self.bands)]
        self._before = np.zeros((BLOCK, self.bands), np.int32)

    def __len__(self) -> int:
        return len(self.ids)

    def same(self, text: str) -> str | None:
        """The id of the document that has the same words as `text`."""
        place = self._folded.get(_digest(text))
        return None if place is None else self.ids[place]

    def nearest(self, text: str, apart_from: str | None = None) -> tuple[str, float] | None:
        """The document that is nearly the same as `text`, with its likeness; None if there is none.

        `apart_from` is the id of one that does not count.
        """
        if self.threshold > 1:
            return None
        own = shingles(text)
        signature = _signature(own)
        candidates = np.array(sorted(self._candidates(signature)), np.intp)
        estimates = (self._signatures[candidates] == signature).mean(axis=1)  # (C,)
        likely = candidates[estimates >= self.threshold - SPREAD]
        others = (place for place in likely if self.ids[place] != apart_from)
        found = [(likeness(own, self._sets[place]), self.ids[place]) for place in others]
        alike, id = max(found, key=lambda pair: pair[0], default=(0.0, ""))
        return (id, alike) if found and alike >= self.threshold else None

    def add(self, id: str, text: str) -> None:
        """Take in a document, to be compared with those that come after it."""
        place = len(self.ids)
        self.ids.append(id)
        self._folded.setdefault(_digest(text), place)
        if self.threshold > 1:
            return
        if place == len(self._signatures):
            self._signatures = np.concatenate((self._signatures, np.zeros_like(self._signatures)))
            self._before = np.concatenate((self._before, np.zeros_like(self._before)))
        self._sets.append(shingles(text))
        signature = self._signatures[place] = _signature(self._sets[place])
        for band, key in enumerate(self._keys(signature)):
            self._before[place, band] = self._last[band].get(key, -1)
            self._last[band][key] = place

    def _candidates(self, signature: NDArray[np.uint32]) -> set[int]:
        """The documents that share a band with `signature`."""
        places: set[int] = set()
        for band, key in enumerate(self._keys(signature)):
            place = self._last[band].get(key, -1)
            while place >= 0:
                places.add(place)
                place = int(self._before[place, band])
        return places

    def _keys(self, signature: NDArray[np.uint32]) -> list[int]:
        rows = signature[: self.bands * self.rows].reshape(self.bands, self.rows)
        return [hash(band.tobytes()) for band in rows]


def _signature(own: Hashes) -> NDArray[np.uint32]:
    """The least of each of HASHES hash functions over the set: (HASHES,). Empty sets have the largest."""
    if not len(own):
        return np.full(HASHES, 2**32 - 1, np.uint32)
    # multiply-shift: the high half of a * x + b, modulo 2^64
    mixed: Hashes = _MULTIPLIERS[:, None] * own + _OFFSETS[:, None]  # (HASHES, S)
    least: Hashes = mixed.min(axis=1)
    return (least >> np.uint64(32)).astype(np.uint32)


def _digest(text: str) -> bytes:
    return blake2b(normalize(text).encode("utf-8", "replace"), digest_size=16).digest()
