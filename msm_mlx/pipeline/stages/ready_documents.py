"""Documents about a spec that are there already and that nobody has to write."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.documents.sources import identify, ready_texts
from msm_mlx.files import sha256_json
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.stages.subjects import other_spec, source_in_words, spec_in_words
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.rows.hub import pin_revision
from msm_mlx.runs.layout import DOCUMENT_FILES, document_folder
from msm_mlx.settings_file.base import key_of
from msm_mlx.spec import Spec
from msm_mlx.suites.contamination import HeldOut

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context
    from msm_mlx.runs.folder import RunFolder


@dataclass(frozen=True, kw_only=True)
class ReadyDocuments(Stage):
    """Checks ready-made documents, and puts them where written ones would be."""

    version: ClassVar[int] = 4
    unit: ClassVar[str] = "documents"

    source: str
    spec: Spec
    several_specs: bool
    settings: DocumentSettings
    model_name: str
    provider_name: str
    held_out: HeldOut

    @property
    def kind(self) -> Kind:
        return "documents"

    @property
    def id(self) -> str:
        return f"documents {self.spec.path.stem}"

    @property
    def total(self) -> int:
        return self.settings.count

    @property
    def folder(self) -> str:
        return document_folder(self.spec.path.stem, self.several_specs)

    @property
    def writes(self) -> tuple[str, ...]:
        return tuple(f"{self.folder}/{name}" for name in DOCUMENT_FILES)

    @property
    def about(self) -> str:
        source = identify(self.source)
        return f"{spec_in_words(self.spec)} from {source_in_words(source.name, source.version)}"

    @property
    def subject(self) -> tuple[str, ...]:
        return ("source", "spec", "names")

    @cached_property
    def key(self) -> dict[str, Any]:
        return {
            "source": identify(self.source).version,
            "spec": sha256_json([[section.id, section.assertion] for section in self.spec.assertions]),
            "names": [self.model_name, self.provider_name],
            "held_out": sha256_json(asdict(self.held_out)),
            **key_of(self.settings, "ready"),
        }

    def check(self) -> None:
        """Raises RecipeError if the source cannot be read."""
        deque(ready_texts(pin_revision(self.source), self.settings.field), maxlen=0)

    def mismatch(self, run: RunFolder) -> str | None:
        return other_spec(run.path / self.writes[0], self.spec)

    def run(self, context: Context) -> None:
        from msm_mlx.documents.ready_made import take_documents
        from msm_mlx.documents.write import Assignment

        meter, counter = context.meter(), context.token_counter()

        def count(text: str) -> int:
            tokens = counter.count(text)
            meter.count_tokens(tokens)
            return tokens

        take_documents(
            pin_revision(self.source),
            Assignment(self.spec, self.model_name, self.settings, self.provider_name, self.held_out),
            context.run.path / self.folder,
            count_tokens=count,
            on_document=lambda kept, rejected: meter.show(kept, f"{rejected} rejected"),
            say=context.report.say,
        )
