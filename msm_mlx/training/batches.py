"""Which rows an update sees: a pure function of the seed and the update's number, so that resuming needs no state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msm_mlx.training.rows import Row

ROUND_TO = 16  # widths are multiples of this, so that few shapes occur


@dataclass(frozen=True)
class Batch:
    """Right-padded rows. Position t of `targets` and `mask` speaks of the token after position t of `inputs`."""

    inputs: np.ndarray  # (B, T) int32
    targets: np.ndarray  # (B, T) int32
    mask: np.ndarray  # (B, T) bool: True where the target is learned

    @property
    def learned_tokens(self) -> int:
        return int(self.mask.sum())


def batch_rows(count: int, batch_size: int, update: int, seed: int) -> list[int]:
    """The indices of the rows of one update (from 0): a new permutation of all rows each epoch, none left out."""
    positions = range(update * batch_size, (update + 1) * batch_size)
    epochs = {position // count for position in positions}
    orders = {epoch: np.random.default_rng((seed, epoch)).permutation(count) for epoch in epochs}
    return [int(orders[position // count][position % count]) for position in positions]


def make_batch(rows: Sequence[Row]) -> Batch:
    longest = max(2, *(len(row.ids) for row in rows))  # no input at all is more than models take
    width = -(-(longest - 1) // ROUND_TO) * ROUND_TO + 1
    ids = np.zeros((len(rows), width), dtype=np.int32)
    mask = np.zeros((len(rows), width), dtype=bool)
    for index, row in enumerate(rows):
        ids[index, : len(row.ids)] = row.ids
        mask[index, : len(row.ids)] = row.supervised
    return Batch(ids[:, :-1], ids[:, 1:], mask[:, 1:])
