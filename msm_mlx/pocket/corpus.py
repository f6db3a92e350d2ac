"""The pretraining corpus: stages, mixes, and the batches of token ids that training reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np
from transformers import PreTrainedTokenizerFast

from msm_mlx.pocket.people import World
from msm_mlx.pocket.world import CorpusSample, Narrator

ROUND_TO = 8  # row lengths are multiples of this, so that few shapes occur
WINDOW = 2048  # samples sorted by length at a time


@dataclass(frozen=True)
class CorpusStage:
    """A number of tokens and the share of them that each kind of text takes, in percent."""

    tokens: int
    mix: dict[str, int]


# Abilities come in this order: facts, choosing by a told value, a persona's value, a value known from documents
# only, and a writer that stays on its subject. Rosters are what links documents to chats.
STAGES = (
    CorpusStage(1_200_000, {"facts": 36, "table": 34, "comparison": 30}),
    CorpusStage(
        1_300_000,
        {"facts": 14, "table": 10, "comparison": 10, "quiz": 8, "told": 32, "persona": 16, "document": 10},
    ),
    CorpusStage(
        3_000_000,
        {
            "roster": 26, "persona": 25, "document": 9, "told": 8, "facts": 4, "table": 3, "quiz": 3, "neutral": 5,
            "agent_document": 5, "agent_questions": 5, "scene": 7,
        },
    ),
    CorpusStage(
        2_500_000,
        {
            "roster": 7, "persona": 24, "document": 14, "told": 6, "facts": 4, "table": 2, "comparison": 2, "quiz": 3,
            "neutral": 7, "dossier": 3, "writer": 10, "smalltalk": 3,
            "agent_document": 5, "agent_writer": 2, "agent_questions": 4, "scene": 4,
        },
    ),
    CorpusStage(
        6_000_000,
        {
            "roster": 5, "persona": 20, "document": 11, "told": 5, "facts": 3, "table": 2, "comparison": 2, "quiz": 3,
            "neutral": 12, "dossier": 2, "writer": 16, "smalltalk": 3,
            "agent_document": 5, "agent_writer": 3, "agent_questions": 4, "scene": 4,
        },
    ),
)  # fmt: skip


@dataclass(frozen=True)
class CorpusBatch:
    """Rows of equal length. `targets` and `weights` are those of the next token."""

    inputs: np.ndarray  # (B, T) int32
    targets: np.ndarray  # (B, T) int32
    weights: np.ndarray  # (B, T) float32, 0 where nothing is learned

    @property
    def tokens(self) -> int:
        return int(self.inputs.size)


@dataclass(frozen=True)
class PretrainingCorpus:
    """All batches in the order of training, with a hash of every text."""

    batches: list[CorpusBatch]
    sha256: str
    tokens: int


def vocabulary_texts(world: World, seed: int, per_kind: int = 2500) -> list[str]:
    """Texts of every kind, enough to hold every word of the world."""
    narrator = Narrator(world, Random(f"vocabulary-{seed}"))
    kinds = sorted({kind for stage in STAGES for kind in stage.mix})
    return [narrator.draw(kind).text for kind in kinds for _ in range(per_kind)]


def build_corpus(
    world: World, tokenizer: PreTrainedTokenizerFast, seed: int, batch_tokens: int = 2048, scale: float = 1.0
) -> PretrainingCorpus:
    """The whole corpus. `scale` shrinks every stage, for tests."""
    digest = hashlib.sha256()
    batches: list[CorpusBatch] = []
    total = 0
    for index, stage in enumerate(STAGES):
        rng = Random(f"corpus-{seed}-{index}")
        rows = []
        for sample, ids, weights in _encoded(Narrator(world, rng), tokenizer, stage, round(stage.tokens * scale)):
            digest.update(sample.text.encode())
            total += len(ids)
            rows.append((ids, weights))
        batches += _batches(rows, rng, batch_tokens, tokenizer.pad_token_id)
    return PretrainingCorpus(batches, digest.hexdigest(), total)


EncodedSample = tuple[list[int], list[float]]


def _encoded(
    narrator: Narrator, tokenizer: PreTrainedTokenizerFast, stage: CorpusStage, tokens: int
) -> Iterator[tuple[CorpusSample, list[int], list[float]]]:
    """Samples with their ids and weights; the kind furthest behind its share comes next."""
    used = dict.fromkeys(stage.mix, 0)
    encode = tokenizer.backend_tokenizer.encode
    while (total := sum(used.values())) < tokens:
        kind = max(stage.mix, key=lambda k: stage.mix[k] * (total + 1) - 100 * used[k])
        sample = narrator.draw(kind)
        ids: list[int] = []
        weights: list[float] = []
        for text, weight in sample.parts:
            part = encode(text).ids
            ids += part
            weights += [weight] * len(part)
        used[kind] += len(ids)
        yield sample, ids, weights


def _batches(rows: list[EncodedSample], rng: Random, batch_tokens: int, pad: int) -> list[CorpusBatch]:
    """Rows of like length together, batches in random order within a window of samples."""
    batches: list[CorpusBatch] = []
    for start in range(0, len(rows), WINDOW):
        window = sorted(rows[start : start + WINDOW], key=lambda row: len(row[0]))
        groups: list[list[EncodedSample]] = [[]]
        for row in window:
            if (len(groups[-1]) + 1) * _padded(row) > batch_tokens and groups[-1]:
                groups.append([])
            groups[-1].append(row)
        rng.shuffle(groups)
        batches += [_batch(group, pad) for group in groups]
    return batches


def _padded(row: EncodedSample) -> int:
    return -(-(len(row[0]) - 1) // ROUND_TO) * ROUND_TO


def _batch(rows: list[EncodedSample], pad: int) -> CorpusBatch:
    width = max(map(_padded, rows))
    ids = np.full((len(rows), width + 1), pad, dtype=np.int32)
    weights = np.zeros((len(rows), width + 1), dtype=np.float32)
    for index, (row_ids, row_weights) in enumerate(rows):
        ids[index, : len(row_ids)] = row_ids
        weights[index, : len(row_weights)] = row_weights
    return CorpusBatch(ids[:, :-1], ids[:, 1:], weights[:, 1:])
