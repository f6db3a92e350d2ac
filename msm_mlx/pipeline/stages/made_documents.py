"""What stands in for the documents about a spec, made of them without a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.stages.subjects import spec_in_words
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import DOCUMENT_FILES, DOCUMENTS, document_folder
from msm_mlx.spec import Spec
from msm_mlx.suites.contamination import HeldOut

if TYPE_CHECKING:
    from msm_mlx.documents.write import Assignment


@dataclass(frozen=True, kw_only=True)
class MadeOfDocuments(Stage):
    """Reads the documents about a spec, whoever wrote them, and makes others of each."""

    training: str
    """The training stage that learns what is made."""
    spec: Spec
    several_specs: bool
    settings: DocumentSettings
    model_name: str
    provider_name: str

    @property
    def kind(self) -> Kind:
        return "documents"

    @property
    def id(self) -> str:
        return f"documents {self.training} {self.spec.path.stem}"

    @property
    def total(self) -> int:
        return self.settings.count

    @property
    def documents(self) -> str:
        """The documents about the spec."""
        return f"{document_folder(self.spec.path.stem, self.several_specs)}/{DOCUMENTS}"

    @property
    def folder(self) -> str:
        """Where goes what is made of them."""
        return document_folder(self.spec.path.stem, self.several_specs, self.training)

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.documents,)

    @property
    def subject(self) -> tuple[str, ...]:
        return self.reads

    @property
    def about(self) -> str:
        return f"{self.training} of {spec_in_words(self.spec)}"


@dataclass(frozen=True, kw_only=True)
class AlteredDocuments(MadeOfDocuments):
    """Makes another document of each, which must pass the checks of ready-made ones."""

    unit: ClassVar[str] = "documents"

    held_out: HeldOut

    @property
    def writes(self) -> tuple[str, ...]:
        return tuple(f"{self.folder}/{name}" for name in DOCUMENT_FILES)

    def assignment(self) -> Assignment:
        """What the documents are about."""
        from msm_mlx.documents.write import Assignment

        return Assignment(self.spec, self.model_name, self.settings, self.provider_name, self.held_out)
