"""Perplexity on neutral text: what training has cost beyond what the capability suite asks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from msm_mlx.models.folder import POCKET
from msm_mlx.settings_file.load import load_values

if TYPE_CHECKING:
    from msm_mlx.engine.loaded_model import LoadedModel

POCKET_TEXTS = 20  # of each kind
SUITE = "capability"
"""The suite beside which perplexity is measured."""


def neutral_texts(profile: str) -> list[str]:
    """The shipped texts; for pocket, who knows no words but its world's, facts of that world as it was taught them.

    Those are no held-out text, and tell of what people value too: they show a collapse, and no small loss.
    """
    if profile == POCKET:
        from msm_mlx.pocket.people import World
        from msm_mlx.pocket.world import Narrator

        narrator = Narrator(World.create(0), Random(0))
        return [narrator.draw(kind).text for kind in ("facts", "comparison") for _ in range(POCKET_TEXTS)]
    return [str(text) for text in load_values(Path(str(resources.files(__package__))) / "neutral.yaml")["texts"]]


def perplexity(loaded: LoadedModel, texts: Sequence[str], batch_size: int) -> tuple[float, int]:
    """exp of the mean negative log-probability of a token, and the number of tokens.

    Every text stands alone, after what begins a document, and is cut where the model's context ends:
    a text that lost its beginning instead would be judged without what it refers to.
    """
    from msm_mlx.engine.continuations import score_continuations

    start = loaded.start_of_document or [loaded.end_of_document]
    room = (loaded.context_length or 1 << 30) - len(start)
    rows = [(start, loaded.encode(text)[:room]) for text in texts]
    tokens = sum(len(ids) for _, ids in rows)
    total = sum(score for score, _ in score_continuations(loaded, rows, batch_size=batch_size))
    return math.exp(-total / tokens), tokens
