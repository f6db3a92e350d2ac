"""The documents about a spec, by the writer; those of a control give no reasons."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.documents.plan import without_cause
from msm_mlx.documents.plan_file import read_plan
from msm_mlx.documents.writer_prompts import document_prompts
from msm_mlx.files import sha256_json
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.stages.subjects import other_spec, spec_in_words
from msm_mlx.prompting.prompts import prompt_version
from msm_mlx.recipe.arms import CONTROL, MSM
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import (
    DOCUMENT_FILES,
    DOCUMENTS,
    EARLIER,
    PLAN,
    PROGRESS,
    REJECTED,
    as_draft,
    document_folder,
)
from msm_mlx.settings_file.base import key_of
from msm_mlx.spec import Spec
from msm_mlx.suites.contamination import HeldOut

if TYPE_CHECKING:
    from msm_mlx.documents.write import Assignment
    from msm_mlx.pipeline.context import Context
    from msm_mlx.runs.folder import RunFolder


@dataclass(frozen=True, kw_only=True)
class WrittenDocuments(Stage):
    """Writes documents after the plan. Where a critic rewrites them, what is written here are drafts.

    The drafts have the key that the documents would have, so that a critic who comes later finds them done.
    """

    version: ClassVar[int] = 4
    unit: ClassVar[str] = "documents"

    spec: Spec
    several_specs: bool
    training: str
    """The training stage that learns them: `msm`, `control`, or `opposite`, whose spec is turned."""
    drafts: bool
    settings: DocumentSettings
    model_name: str
    provider_name: str
    writer: str
    """The fingerprint of the model that writes."""
    held_out: HeldOut
    """What the evaluation asks about, and no document may show."""

    @property
    def kind(self) -> Kind:
        return "documents"

    @property
    def id(self) -> str:
        return f"{'drafts' if self.drafts else 'documents'} {self.label}"

    @property
    def label(self) -> str:
        """What they are about, and who learns them if it is not `msm`, in the names of stages."""
        return self.spec.path.stem if self.training == MSM else f"{self.training} {self.spec.path.stem}"

    @property
    def control(self) -> bool:
        """Whether they give no reasons."""
        return self.training == CONTROL.name

    @property
    def total(self) -> int:
        return self.settings.count

    @property
    def plan(self) -> str:
        """The file of the plan, which a control shares."""
        return f"{document_folder(self.spec.path.stem, self.several_specs)}/{PLAN}"

    @property
    def folder(self) -> str:
        """Where the documents go, or their drafts."""
        return as_draft(self.final_folder) if self.drafts else self.final_folder

    @property
    def final_folder(self) -> str:
        """Where the documents go in the end, with or without a critic."""
        return document_folder(self.spec.path.stem, self.several_specs, self.training)

    @property
    def documents(self) -> str:
        return f"{self.folder}/{DOCUMENTS}"

    @property
    def rejected(self) -> str:
        return f"{self.folder}/{REJECTED}"

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.plan,)

    @property
    def writes(self) -> tuple[str, ...]:
        return tuple(f"{self.folder}/{name}" for name in DOCUMENT_FILES)

    @property
    def scratch(self) -> tuple[str, ...]:
        return (f"{self.folder}/{PROGRESS}", f"{self.folder}/{EARLIER}")

    @property
    def grows_with(self) -> tuple[str, ...]:
        return ("count", self.plan, "prefix", "prefix_supervised")

    @property
    def keeps(self) -> tuple[tuple[str, str], ...]:
        return ((self.documents, f"{self.folder}/{EARLIER}"),)

    @property
    def about(self) -> str:
        return spec_in_words(self.spec)

    @property
    def subject(self) -> tuple[str, ...]:
        return ("spec", "names")

    @cached_property
    def key(self) -> dict[str, Any]:
        return {
            "spec": sha256_json(self._what_is_told()),
            "names": [self.model_name, self.provider_name],
            "writer": self.writer,
            "held_out": sha256_json(asdict(self.held_out)),
            "prompts": prompt_version(*document_prompts(self.settings, control=self.control)),
            **key_of(self.settings, "control" if self.control else "documents"),
        }

    def _what_is_told(self) -> object:
        """What of the spec decides the documents."""
        if not self.control:
            return self.spec.text
        sections = [without_cause(self.spec, section, self.settings) for section in self.spec.assertions]
        return [[section.id, section.path, section.assertion] for section in (*sections, *self.spec.assertions)]

    def mismatch(self, run: RunFolder) -> str | None:
        return self.other_spec(run.path / self.documents)

    def other_spec(self, documents: Path) -> str | None:
        """What shows that the documents in a file, or drafts of them, are about another spec."""
        sections = self.spec.assertions if self.control else ()
        withheld = [without_cause(self.spec, section, self.settings).assertion for section in sections]
        return other_spec(documents, self.spec, withheld)

    def assignment(self) -> Assignment:
        """What is asked for."""
        from msm_mlx.documents.write import Assignment

        return Assignment(self.spec, self.model_name, self.settings, self.provider_name, self.held_out)

    def run(self, context: Context) -> None:
        from msm_mlx.documents.store import Output
        from msm_mlx.documents.write import write_documents

        meter, folder = context.meter("drafts"), context.run.path / self.folder
        write_documents(
            self.assignment(),
            read_plan(context.run.path / self.plan, self.spec, self.settings, control=self.control),
            context.writer(meter.step),
            Output(folder, self.writer, lambda kept, rejected: meter.show(kept, f"{rejected} rejected"), self.settings),
            context.report.say,
        )
