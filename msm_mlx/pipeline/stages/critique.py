"""Drafts that a second model reads and writes anew."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.documents.writer_prompts import CRITIQUE_PROMPTS
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.stages.documents import WrittenDocuments
from msm_mlx.prompting.prompts import prompt_version
from msm_mlx.runs.layout import CRITIQUE, DOCUMENT_FILES
from msm_mlx.settings_file.base import key_of

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context
    from msm_mlx.runs.folder import RunFolder


@dataclass(frozen=True, kw_only=True)
class Critique(Stage):
    """Has the critic read the drafts, and puts the documents in place."""

    version: ClassVar[int] = 4
    unit: ClassVar[str] = "documents"

    drafts: WrittenDocuments
    critic: str
    """The fingerprint of the model that criticises."""

    @property
    def kind(self) -> Kind:
        return "critique"

    @property
    def id(self) -> str:
        return f"documents {self.drafts.label}"

    @property
    def total(self) -> int:
        return self.drafts.total

    @property
    def folder(self) -> str:
        return self.drafts.final_folder

    @property
    def replies(self) -> str:
        """The file of what the critic has said."""
        return f"{self.folder}/{CRITIQUE}"

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.drafts.documents, self.drafts.rejected, self.drafts.plan)

    @property
    def writes(self) -> tuple[str, ...]:
        return (*(f"{self.folder}/{name}" for name in DOCUMENT_FILES), self.replies)

    @property
    def grows_with(self) -> tuple[str, ...]:
        return self.reads

    @property
    def keeps(self) -> tuple[tuple[str, str], ...]:
        return ((self.replies, self.replies),)

    @property
    def about(self) -> str:
        return self.drafts.about

    @property
    def subject(self) -> tuple[str, ...]:
        return self.drafts.subject

    @cached_property
    def key(self) -> dict[str, Any]:
        drafts = self.drafts.key
        return {
            "critic": self.critic,
            "prompts": prompt_version(*CRITIQUE_PROMPTS),
            **{name: drafts[name] for name in ("names", "held_out", "spec")},
            **key_of(self.drafts.settings, "critique"),
        }

    def mismatch(self, run: RunFolder) -> str | None:
        return self.drafts.other_spec(run.path / self.writes[0])

    def run(self, context: Context) -> None:
        from msm_mlx.documents.critique import Step, critique_documents
        from msm_mlx.documents.document import read_documents
        from msm_mlx.documents.plan_file import read_plan

        drafts, run, meter = self.drafts, context.run.path, context.meter()
        done: dict[Step, int] = {"critique": 0, "rewrite": 0}

        def on_reply(step: Step) -> None:
            done[step] += 1
            meter.show(done["critique"], f"{done['rewrite']} written anew")

        assignment = drafts.assignment()
        slots = read_plan(run / drafts.plan, drafts.spec, drafts.settings, control=drafts.control)
        critique_documents(
            read_documents(run / drafts.documents),
            read_documents(run / drafts.rejected),
            {slot.id: assignment.subject_of(slot) for slot in slots},
            drafts.settings,
            run / self.folder,
            model=context.other("critic", meter.step),
            critic=self.critic,
            held_out=drafts.held_out,
            on_reply=on_reply,
            say=context.report.say,
        )
