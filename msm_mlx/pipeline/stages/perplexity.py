"""How well the variants predict plain text that has nothing to do with the spec: what training costs them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.evaluation.perplexity import neutral_texts
from msm_mlx.files import sha256_json, write_json
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.layout import PERPLEXITY, adapter_files

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context


@dataclass(frozen=True, kw_only=True)
class Perplexity(Stage):
    """Measures every variant on the same texts."""

    unit: ClassVar[str] = "variants"

    variants: tuple[Variant, ...]
    profile: str
    batch_size: int
    base: str
    """The fingerprint of the base model."""

    @property
    def kind(self) -> Kind:
        return "perplexity"

    @property
    def id(self) -> str:
        return "perplexity"

    @property
    def total(self) -> int:
        return len(self.variants)

    @property
    def reads(self) -> tuple[str, ...]:
        return tuple(name for variant in self.variants for name in adapter_files(variant))

    @property
    def writes(self) -> tuple[str, ...]:
        return (PERPLEXITY,)

    @cached_property
    def key(self) -> dict[str, Any]:
        texts = sha256_json(neutral_texts(self.profile))
        return {"base": self.base, "texts": texts, "variants": [variant.id for variant in self.variants]}

    def run(self, context: Context) -> None:
        from msm_mlx.evaluation.perplexity import perplexity

        texts, rows = neutral_texts(self.profile), []
        for variant in self.variants:
            value, tokens = perplexity(context.variant(variant), texts, self.batch_size)
            label = {"arm": variant.arm, "spec": variant.spec, "seed": variant.seed}
            rows.append({**label, "perplexity": value, "texts": len(texts), "tokens": tokens})
            context.advance(len(rows), f"perplexity {value:.2f}")
        write_json(context.run.path / PERPLEXITY, rows)
