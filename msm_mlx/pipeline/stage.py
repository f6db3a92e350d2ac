"""What a stage is: what it reads and writes, and all that decides its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from msm_mlx.files import sha256_file
from msm_mlx.recipe.arms import Variant

Kind = Literal[
    "plan", "documents", "critique", "demonstrations", "midtrain", "sft", "evaluate", "perplexity", "judge", "results"
]  # fmt: skip
KINDS: tuple[Kind, ...] = (
    "plan",
    "documents",
    "critique",
    "demonstrations",
    "midtrain",
    "sft",
    "evaluate",
    "perplexity",
    "judge",
    "results",
)

# Part of every stage's key: raised when a stage's code starts to give other outputs for the same inputs.
VERSIONS: dict[Kind, int] = dict.fromkeys(KINDS, 1) | {"midtrain": 3, "sft": 3, "evaluate": 3, "results": 5}


@dataclass(frozen=True)
class Stage:
    """One step. `reads` and `writes` are files in the run folder; `settings` is all else that decides the outcome."""

    id: str
    kind: Kind
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    scratch: tuple[str, ...]
    settings: dict[str, Any]
    total: int
    unit: str
    spec: Path | None = None
    variant: Variant | None = None
    grows_with: tuple[str, ...] = ()  # inputs after whose change the stage goes on from ...
    keeps: tuple[tuple[str, str], ...] = ()  # ... these of its files, under their second names
    start: str | None = None  # folder of the adapter to go on from
    control: bool = False  # documents that give no reasons
    ready: str | None = None  # where documents come from that nobody has to write

    def inputs(self, run: Path) -> dict[str, Any] | None:
        """All that decides the outputs, hashed; None as long as a file that it reads is not there."""
        if not all((run / name).exists() for name in self.reads):
            return None
        return self.settings | {name: sha256_file(run / name) for name in self.reads}


def stage_settings(kind: Kind, **settings: Any) -> dict[str, Any]:
    """The settings of a stage, with its kind and the version of its code."""
    return {"stage": kind, "version": VERSIONS[kind], **settings}


def plain_settings(settings: Any) -> dict[str, Any]:
    """Settings as JSON; how often to save, what is kept in memory and when to give up decide nothing about what comes
    out."""
    plain: dict[str, Any] = settings.model_dump(mode="json")
    for name in ("checkpoint_every", "gradient_checkpointing", "max_attempts_per_document", "least_pass_rate"):
        plain.pop(name, None)
    for name in ("source", "field", "critique"):  # of documents that are not written, or written anew
        plain.pop(name, None)
    return plain
