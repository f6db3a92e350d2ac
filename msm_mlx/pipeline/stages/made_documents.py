"""What stands in for the documents about a spec, made of them without a model."""

from __future__ import annotations

from dataclasses import dataclass

from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.stages.subjects import spec_in_words
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import DOCUMENTS, document_folder
from msm_mlx.spec import Spec


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
