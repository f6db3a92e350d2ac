"""The stages of documents that a second model writes anew: what was the documents are drafts first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from msm_mlx.documents.writer_prompts import CRITIQUE_PROMPTS
from msm_mlx.pipeline.stage import Stage, stage_settings
from msm_mlx.prompting.prompts import prompt_version
from msm_mlx.recipe.load import Recipe
from msm_mlx.runs.layout import CRITIQUE, as_draft

CRITIQUE_INPUTS = ("name", "held_out", "spec", "max_tokens", "min_words", "checks", "seed")  # of the writing's settings


def with_critique(recipe: Recipe, written: Sequence[Stage], critic: str) -> Iterator[Stage]:
    """The same stages with their documents as drafts, and after them those that rewrite them.

    The drafts have the key that the documents had, so that a critic who comes later finds them done.
    """
    settings = recipe.settings.documents
    assert settings.critique is not None
    for stage in written:
        drafts = replace(
            stage,
            id=as_draft(stage.id),
            writes=tuple(map(as_draft, stage.writes)),
            scratch=tuple(map(as_draft, stage.scratch)),
            keeps=tuple((as_draft(name), as_draft(aside)) for name, aside in stage.keeps),
        )
        yield drafts
        file = str(PurePosixPath(stage.writes[0]).with_name(CRITIQUE))
        reads = (*drafts.writes[:2], *stage.reads)
        yield replace(
            stage,
            kind="critique",
            reads=reads,
            writes=(*stage.writes, file),
            scratch=(),
            settings=stage_settings(
                "critique",
                critic=critic,
                version_of_prompts=prompt_version(*CRITIQUE_PROMPTS),
                length=settings.critique.max_tokens,
                temperature=settings.critique.temperature,
                **{name: stage.settings[name] for name in CRITIQUE_INPUTS},
            ),
            grows_with=reads,
            keeps=((file, file),),
        )
