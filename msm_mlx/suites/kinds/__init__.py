"""The kinds of suites, a file each. A new kind is one more file like these, and its object in `KINDS`."""

from __future__ import annotations

from msm_mlx.suites.kinds.kind import JudgeTask, SuiteKind
from msm_mlx.suites.kinds.open import OPEN
from msm_mlx.suites.kinds.pairs import PAIRS
from msm_mlx.suites.kinds.questions import QUESTIONS
from msm_mlx.suites.kinds.rated import RATED
from msm_mlx.suites.kinds.scenes import SCENES

__all__ = ["KINDS", "JudgeTask", "SuiteKind", "is_main_metric"]

KINDS: dict[str, SuiteKind] = {kind.name: kind for kind in (PAIRS, QUESTIONS, OPEN, SCENES, RATED)}
"""By the name that a suite's file gives under `kind`."""


def is_main_metric(metric: str) -> bool:
    """Whether this is the main metric of any kind."""
    return any(metric == kind.main_metric for kind in KINDS.values())
