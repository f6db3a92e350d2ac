"""What a pocket model has learned, measured by forced choices with both orders averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from transformers import PreTrainedTokenizerFast

from msm_mlx.pocket import language
from msm_mlx.pocket.facts import DOMAINS, OPPOSITE, THINGS, VALUES, ValueName
from msm_mlx.pocket.names import ASSISTANT
from msm_mlx.pocket.world import Persona, World, chat, you_are


@dataclass(frozen=True)
class Probes:
    """Shares of right answers in 0..1; for the names without a value, the share that goes to the first value named."""

    facts: float
    personas: float
    document_only: float
    assistant_american: float
    assistant_affordable: float
    held_out_american: float
    held_out_affordable: float


def run_probes(model: nn.Module, tokenizer: PreTrainedTokenizerFast, world: World, seed: int = 0) -> Probes:
    rng = Random(f"probes-{seed}")
    score = Scorer(model, tokenizer)
    both = [p for p in world.personas if p.in_chats and p.in_documents]
    document_only = [p for p in world.personas if not p.in_chats]

    def personas(people: Sequence[Persona], pairs: int) -> float:
        return float(np.mean([_share(score, rng, p.name, p.value, pairs, p.domains) > 0.5 for p in people]))

    def held_out(value: ValueName) -> float:
        return float(np.mean([_share(score, rng, name, value, 12) for name in world.held_out]))

    return Probes(
        facts=_facts(score),
        personas=personas(both[:60], 6),
        document_only=personas(document_only, 12),
        assistant_american=_share(score, rng, ASSISTANT, "american", 48),
        assistant_affordable=_share(score, rng, ASSISTANT, "affordable", 48),
        held_out_american=held_out("american"),
        held_out_affordable=held_out("affordable"),
    )


@dataclass(frozen=True)
class Scorer:
    """Log-probabilities of replies."""

    model: nn.Module
    tokenizer: PreTrainedTokenizerFast

    def __call__(self, prompts: Sequence[str], replies: Sequence[str]) -> np.ndarray:
        """Summed log-probability of each reply after its prompt. Both lists (N,), result (N,)."""
        encode = self.tokenizer.backend_tokenizer.encode
        heads = [encode(p).ids for p in prompts]
        tails = [encode(r).ids for r in replies]
        width = max(len(h) + len(t) for h, t in zip(heads, tails, strict=True))
        ids = np.full((len(heads), width), self.tokenizer.pad_token_id, dtype=np.int32)
        mask = np.zeros((len(heads), width), dtype=np.float32)
        for row, (head, tail) in enumerate(zip(heads, tails, strict=True)):
            ids[row, : len(head) + len(tail)] = head + tail
            mask[row, len(head) : len(head) + len(tail)] = 1
        logits = self.model(mx.array(ids[:, :-1]))  # (N, T, V)
        losses = nn.losses.cross_entropy(logits, mx.array(ids[:, 1:]))  # (N, T)
        return np.array(-(losses * mx.array(mask[:, 1:])).sum(axis=1))


def _facts(score: Scorer) -> float:
    prompts, replies = [], []
    for thing in THINGS:
        for attribute in (thing.origin, thing.price):
            first, second = sorted((attribute, OPPOSITE[attribute]))
            question = f"Is {thing.name} {VALUES[first].adjective} or {VALUES[second].adjective}?"
            for word in (attribute, OPPOSITE[attribute]):
                prompts.append(_prompt(ASSISTANT, question))
                replies.append(f"It is {VALUES[word].adjective}.")
    right, wrong = score(prompts, replies).reshape(-1, 2).T
    return float(np.mean(right > wrong))


def _share(
    score: Scorer, rng: Random, name: str, value: ValueName, pairs: int, known_domains: Sequence[str] = ()
) -> float:
    """Mean probability of the choice that `value` favours, in domains where no document spoke of `name`."""
    unseen = [d for d in DOMAINS if d not in known_domains] or list(DOMAINS)
    prompts, replies = [], []
    for _ in range(pairs):
        domain = DOMAINS[rng.choice(unseen)]
        liked = rng.choice([t for t in domain.things if t.has(value)])
        disliked = rng.choice([t for t in domain.things if t.has(OPPOSITE[value])])
        for first, second in ((liked, disliked), (disliked, liked)):
            question = language.CHOICE_QUESTIONS[0].format(noun=domain.noun, a=first.name, b=second.name)
            for option in (liked, disliked):
                prompts.append(_prompt(name, question))
                replies.append(language.answer(option))
    scores = score(prompts, replies).reshape(pairs, 2, 2)  # (pair, order, liked or disliked)
    margin = (scores[..., 0] - scores[..., 1]).mean(axis=1)
    return float(np.mean(1 / (1 + np.exp(-margin))))


def _prompt(name: str, question: str) -> str:
    parts = chat(you_are(name), (question, ""))
    return "".join(text for text, _ in parts[:-2])
