"""The chats that a training stage will learn, as far as they follow from files, with the place that each is from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msm_mlx.demonstrations.general import GENERAL, may_be_left_out
from msm_mlx.files import read_jsonl
from msm_mlx.pipeline.plan import RunPlan
from msm_mlx.pipeline.stages.declared_texts import DeclaredTexts
from msm_mlx.pipeline.stages.demonstrations import Demonstrations
from msm_mlx.pipeline.stages.document_chats import DocumentChats
from msm_mlx.pipeline.stages.training import Training
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.schema import SftSettings
from msm_mlx.runs.layout import GENERAL_ROWS
from msm_mlx.training.tokenize import with_reasoning


@dataclass(frozen=True)
class Lesson:
    """A chat, the file that it comes from, and its line there, if it stands in one."""

    file: str
    line: int | None
    messages: Sequence[Message]
    required: bool
    """Whether a run without it is none; general chats that cannot be learned are left out."""

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


def lessons_of(plan: RunPlan, training: Training, made: Mapping[str, Path]) -> Iterator[Lesson]:
    """The chats that a training stage learns; none if a model is still to write them.

    Args:
        made: the files of the run that are there and stay, by their names in it; the others are to be made.
    """
    assert isinstance(training.settings, SftSettings)
    template = training.settings.reasoning if training.training.with_reasoning else None
    for file, line, row in _rows(plan, training.data, made):
        messages = with_reasoning(row, template) if template else row["messages"]
        yield Lesson(file, line, messages, not may_be_left_out(row))


def _rows(plan: RunPlan, data: str, made: Mapping[str, Path]) -> Iterator[tuple[str, int | None, dict[str, Any]]]:
    """The rows of the file `data` of the run, each with the file and line that it is from."""
    maker = next(stage for stage in plan.stages if data in stage.writes)
    if isinstance(maker, DocumentChats):
        rows = read_jsonl(made[data]) if data in made else []
        yield from ((str(made[data]), number, row) for number, row in enumerate(rows, start=1))
        return
    assert isinstance(maker, Demonstrations | DeclaredTexts)
    if data in made:
        for number, row in enumerate(read_jsonl(made[data]), start=1):
            yield (*maker.place_of(row), row) if "line" in row else (str(made[data]), number, row)
        return
    for row in maker.planned_rows() or ():
        if data != GENERAL_ROWS or row["kind"] == GENERAL:
            yield (*maker.place_of(row), row)
