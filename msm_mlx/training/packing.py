"""Which rows an update sees, and how they lie in the arrays that go through the model.

Both are pure functions of the seed, the update's number and the rows, so that resuming needs no state. Packing changes
how the rows of an update lie together, never which they are: an update learns the same from the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from msm_mlx.engine.boundaries import MAX_DOCUMENTS
from msm_mlx.training.tokenize import Row


@dataclass(frozen=True)
class Layout:
    """How rows are laid into arrays.

    capacity: rows share a line as long as they fit into this; longer ones and, at 0, all have a line for themselves.
    tokens: the most positions of one batch, so the most that goes through the model at once.
    span: the width at which attention costs as much as all the rest of the model.
    launch: how many positions cost as much as one more pass through the model.
    grain: widths and counts are multiples of this, so that few shapes occur.
    """

    capacity: int
    tokens: int
    span: float
    launch: float
    grain: int


@dataclass(frozen=True)
class Batch:
    """Lines of one or more rows, right-padded, and the positions from which a token is learned.

    Position t of a line predicts the token after it. `segments` is None where every line holds a single row.
    """

    ids: np.ndarray  # (B, T) int32
    segments: np.ndarray | None  # (B, T) int32: which row of the line; padding is one more
    positions: np.ndarray  # (N,) int32 into the flattened ids
    targets: np.ndarray  # (N,) int32
    weights: np.ndarray  # (N,) float32: 1 where the target is learned, 0 in what only rounds N up

    @property
    def learned_tokens(self) -> int:
        return int(self.weights.sum())


Line = list[int]  # the indices of the rows that lie in it, in order


def batch_rows(count: int, batch_size: int, update: int, seed: int) -> list[int]:
    """The indices of the rows of one update (from 0): a new permutation of all rows each epoch, none left out."""
    positions = range(update * batch_size, (update + 1) * batch_size)
    epochs = {position // count for position in positions}
    orders = {epoch: np.random.default_rng((seed, epoch)).permutation(count) for epoch in epochs}
    return [int(orders[position // count][position % count]) for position in positions]


def round_up(size: int, grain: int) -> int:
    """The next of few sizes: multiples of `grain`, and in steps of an eighth to a quarter where that is more."""
    step = max(grain, 1 << (size - 1).bit_length() >> 3)
    return -(-size // step) * step


def make_batches(rows: Sequence[Row], layout: Layout) -> list[Batch]:
    """All rows of one update, in as few positions and passes as the layout allows. The order is by length."""
    lengths = [max(len(row.ids) - 1, 1) for row in rows]  # the last token is only ever a target
    lines = pack_lines(lengths, layout.capacity)
    widths = [round_up(sum(lengths[i] for i in line), layout.grain) for line in lines]
    return [
        _lay(rows, [lines[i] for i in group], max(widths[i] for i in group), layout.grain)
        for group in group_lines(widths, layout)
    ]


def pack_lines(lengths: Sequence[int], capacity: int) -> list[Line]:
    """Best fit of the longest first: every index in exactly one line."""
    lines: list[Line] = []
    space: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        room = [i for i, left in enumerate(space) if left >= lengths[index] and len(lines[i]) < MAX_DOCUMENTS - 1]
        if room:
            best = min(room, key=lambda i: space[i])
            lines[best].append(index)
            space[best] -= lengths[index]
        else:
            lines.append([index])
            space.append(capacity - lengths[index])
    return lines


def group_lines(widths: Sequence[int], layout: Layout) -> list[list[int]]:
    """Lines that go through the model together: at most `layout.tokens` positions, and the least cost in all.

    A group costs its positions, more the wider it is, and `launch`. Dynamic programming over the lines by width.
    """
    order = sorted(range(len(widths)), key=lambda i: (widths[i], i))
    best: list[tuple[float, int]] = [(0.0, 0)]  # of the first n lines: the cost, and where their last group starts
    for end in range(1, len(order) + 1):
        width = widths[order[end - 1]]
        choices = []
        for start in range(end - 1, -1, -1):
            positions = (end - start) * width
            if positions > layout.tokens and start < end - 1:
                break
            choices.append((best[start][0] + positions * (1 + width / layout.span) + layout.launch, start))
        best.append(min(choices))
    groups, end = [], len(order)
    while end:
        start = best[end][1]
        groups.append(order[start:end])
        end = start
    return groups[::-1]


def choose_layout(lengths: Sequence[int], batch_size: int, longest: int, base: Layout, *, share: bool) -> Layout:
    """`base` with the capacity that costs least on a sample of these rows. `share`: whether rows may share a line."""
    capacities = [0, *sorted({round_up(longest >> halvings, base.grain) for halvings in range(6)})]
    sample = [lengths[start : start + batch_size] for start in range(0, min(len(lengths), 16 * batch_size), batch_size)]
    layouts = [replace(base, capacity=capacity) for capacity in (capacities if share else [0])]
    return min(layouts, key=lambda layout: sum(_cost(update, layout) for update in sample))


def _cost(lengths: Sequence[int], layout: Layout) -> float:
    widths = [round_up(sum(lengths[i] for i in line), layout.grain) for line in pack_lines(lengths, layout.capacity)]
    cost = 0.0
    for group in group_lines(widths, layout):
        width = max(widths[i] for i in group)
        cost += len(group) * width * (1 + width / layout.span) + layout.launch
    return cost


def _lay(rows: Sequence[Row], lines: Sequence[Line], width: int, grain: int) -> Batch:
    ids = np.zeros((len(lines), width), dtype=np.int32)
    segments = np.zeros((len(lines), width), dtype=np.int32)
    positions: list[int] = []
    targets: list[int] = []
    for number, line in enumerate(lines):
        at = 0
        for segment, index in enumerate(line):
            row = rows[index]
            length = len(row.ids) - 1
            ids[number, at : at + length] = row.ids[:-1]
            segments[number, at : at + length] = segment
            learned = [i for i in range(length) if row.supervised[i + 1]]
            positions += [number * width + at + i for i in learned]
            targets += [row.ids[i + 1] for i in learned]
            at += length
        segments[number, at:] = len(line)
    shared = any(len(line) > 1 for line in lines)
    return _with_targets(ids, segments if shared else None, positions, targets, grain)


def _with_targets(
    ids: np.ndarray, segments: np.ndarray | None, positions: Sequence[int], targets: Sequence[int], grain: int
) -> Batch:
    """The number of learned positions is rounded up with positions of weight 0, so that few shapes occur."""
    count = len(positions)
    padded = round_up(count, grain) if count else 0
    full = np.zeros((2, padded), dtype=np.int32)
    full[:, :count] = positions, targets
    weights = np.zeros(padded, dtype=np.float32)
    weights[:count] = 1
    return Batch(ids, segments, full[0], full[1], weights)
