"""The plan of the documents about a spec: which section, type, voice and idea each has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.documents.plan import Slot, plan_documents
from msm_mlx.documents.plan_file import read_plan, read_rows, write_plan
from msm_mlx.files import make_folder, sha256_json
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.stages.subjects import spec_in_words
from msm_mlx.prompting.prompts import prompt_version
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import IDEAS, PLAN, document_folder
from msm_mlx.settings_file.base import key_of
from msm_mlx.spec import Spec

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context


@dataclass(frozen=True, kw_only=True)
class DocumentPlan(Stage):
    """Makes the plan; one that is there already keeps its rows, and grows."""

    version: ClassVar[int] = 2
    unit: ClassVar[str] = "slots"

    spec: Spec
    several_specs: bool
    settings: DocumentSettings
    model_name: str
    writer: str
    """The fingerprint of the model that has the ideas."""

    @property
    def kind(self) -> Kind:
        return "plan"

    @property
    def id(self) -> str:
        return f"plan {self.spec.path.stem}"

    @property
    def total(self) -> int:
        return self.settings.count

    @property
    def file(self) -> str:
        return f"{self._folder}/{PLAN}"

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.file,)

    @property
    def scratch(self) -> tuple[str, ...]:
        return (f"{self._folder}/{IDEAS}",)

    @property
    def grows_with(self) -> tuple[str, ...]:
        return ("count",)

    @property
    def keeps(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, name) for name in (*self.writes, *self.scratch))

    @property
    def about(self) -> str:
        return spec_in_words(self.spec)

    @property
    def subject(self) -> tuple[str, ...]:
        return ("sections", "asserted")

    @property
    def _folder(self) -> str:
        return document_folder(self.spec.path.stem, self.several_specs)

    @cached_property
    def key(self) -> dict[str, Any]:
        ideas: dict[str, Any] = {}
        if self.settings.ideas:
            asserted = [[section.text, section.assertion] for section in self.spec.assertions]
            ideas = {
                "asserted": sha256_json(asserted),
                "name": self.model_name,
                "writer": self.writer,
                "prompts": prompt_version("ideas"),
                "replies": [self.settings.max_tokens, self.settings.batch_size],
            }
        sections = [section.id for section in self.spec.assertions]
        return {"sections": sections, **key_of(self.settings, "plan"), **ideas}

    def slots(self, run: RunFolder) -> list[Slot]:
        """The plan as it is in the run folder."""
        return read_plan(run.path / self.file, self.spec, self.settings)

    def run(self, context: Context) -> None:
        path = context.run.path / self.file
        rows = read_rows(path, self.spec) if path.exists() else []
        make_folder(path.parent)
        ideas = self._ideas(context) if self.settings.ideas else {}
        write_plan(path, plan_documents(self.spec, self.settings, ideas=ideas), rows)

    def _ideas(self, context: Context) -> Mapping[tuple[str, str], Sequence[str]]:
        from msm_mlx.documents.ideas import propose_ideas

        meter = context.meter()
        return propose_ideas(
            self.spec,
            self.model_name,
            self.settings,
            context.writer(meter.step),
            (context.run.path / self.file).with_name(IDEAS),
            on_batch=lambda count: meter.show(0, f"{count} ideas"),
        )
