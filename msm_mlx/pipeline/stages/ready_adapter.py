"""An adapter that is there already and that nobody trains here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.engine.adapter_layouts import AdapterDescription, describe_adapter
from msm_mlx.engine.adapter_source import cached_adapter, pinned_adapter
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.recipe.arms import BASE, Variant
from msm_mlx.runs.layout import adapter_files, adapter_folder

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context


@dataclass(frozen=True, kw_only=True)
class ReadyAdapter(Stage):
    """Reads an adapter into the run folder, in the layout of those that are trained there, with where it is from."""

    unit: ClassVar[str] = "adapter"

    variant: Variant
    source: str
    base: str
    """The fingerprint of the base model."""

    @property
    def kind(self) -> Kind:
        return "adapter"

    @property
    def id(self) -> str:
        return f"adapter {self.variant.id}"

    @property
    def total(self) -> int:
        return 1

    @property
    def writes(self) -> tuple[str, ...]:
        return adapter_files(self.variant)

    @property
    def about(self) -> str:
        return f"the adapter {self.source}"

    @property
    def subject(self) -> tuple[str, ...]:
        return ("adapter",)

    @cached_property
    def key(self) -> dict[str, Any]:
        adapter = self.describe()
        return {"adapter": adapter.version() if adapter else "", "base": self.base}

    def describe(self) -> AdapterDescription | None:
        """What its files say; None as long as one of the hub has not been fetched.

        Raises:
            RecipeError: if it is none, or one of a kind that cannot be used.
        """
        folder = cached_adapter(self.source)
        return describe_adapter(folder) if folder else None

    def run(self, context: Context) -> None:
        from msm_mlx.engine.adapters import LoraShape, save_adapter
        from msm_mlx.engine.ready_adapter import ready_weights

        adapter = self.describe()
        assert adapter is not None  # a run fetches it first
        model = context.variant(Variant(BASE, None, None)).model
        weights = ready_weights(model, adapter)
        shape = LoraShape(adapter.rank, adapter.scale)
        folder, source = context.run.path / adapter_folder(self.variant), pinned_adapter(self.source)
        save_adapter(folder, weights, shape, adapter.base, source=source)
        context.leave_room_for_writer()
