"""The stages of a recipe in order: what each reads, what it writes, and what must be there first.

Nothing here imports mlx, so that a plan costs nothing; the work itself is in `msm_mlx.pipeline`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from msm_mlx.demonstrations.preferences import load_preferences
from msm_mlx.evals.suites import load_suite
from msm_mlx.files import sha256_file, sha256_json
from msm_mlx.recipe import Recipe
from msm_mlx.spec import load_spec
from msm_mlx.variants import Variant, system_prompt

Kind = Literal["documents", "demonstrations", "midtrain", "sft", "evaluate", "results"]
KINDS: tuple[Kind, ...] = ("documents", "demonstrations", "midtrain", "sft", "evaluate", "results")

# Part of every stage's key: raised when a stage's code starts to give other outputs for the same inputs.
VERSIONS: dict[Kind, int] = dict.fromkeys(KINDS, 1) | {"midtrain": 2, "sft": 2}

DOCUMENT_FILES = ("documents.jsonl", "rejected.jsonl", "health.json")
ADAPTER_FILES = ("adapters.safetensors", "adapter_config.json")
DEMONSTRATIONS = "demonstrations/train.jsonl"
RESULTS, ANSWERS = "evaluation/results.json", "evaluation/answers.jsonl"


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
    start: str | None = None  # folder of the adapter to go on from

    def inputs(self, run: Path) -> dict[str, Any] | None:
        """All that decides the outputs, hashed; None as long as a file that it reads is not there."""
        if not all((run / name).exists() for name in self.reads):
            return None
        return self.settings | {name: sha256_file(run / name) for name in self.reads}


def list_stages(recipe: Recipe, base: str) -> list[Stage]:
    """Every stage of `recipe` over the model whose fingerprint is `base`, in an order that can be run."""
    trained = [v for v in list_variants(recipe) if v.seed is not None]
    stages = [_documents(recipe, base, spec) for spec in recipe.specs if _reads_documents(recipe)]
    if any(v.arm in ("sft", "msm+sft") for v in trained):
        stages.append(_demonstrations(recipe))
    for seed in recipe.seeds:
        stages += [_midtrain(recipe, base, spec, seed) for spec in recipe.specs if _reads_documents(recipe)]
        stages += [_sft(recipe, base, v) for v in trained if v.seed == seed and v.arm in ("sft", "msm+sft")]
    stages += [_evaluate(recipe, base, v) for v in list_variants(recipe)]
    return [*stages, _results(recipe)]


def list_variants(recipe: Recipe) -> list[Variant]:
    """The variants that the recipe compares, base first."""
    several = len(recipe.specs) > 1
    variants = [Variant("base", None, None)] if "base" in recipe.arms else []
    for arm in ("sft", "msm", "msm+sft"):
        if arm in recipe.arms:
            specs = [None] if arm == "sft" else [spec.stem for spec in recipe.specs]
            variants += [Variant(arm, spec, seed, several) for spec in specs for seed in recipe.seeds]
    return variants


def unseen_things(recipe: Recipe) -> list[str]:
    """What the recipe's suites ask about. No document may name it."""
    items = [item for name in recipe.suites for item in load_suite(name).items]
    return sorted({thing for item in items for thing in (item.target, item.other)})


def document_folder(recipe: Recipe, spec: Path) -> str:
    return f"documents/{spec.stem}" if len(recipe.specs) > 1 else "documents"


def adapter_folder(variant: Variant) -> str:
    return f"adapters/{variant.id}"


def _reads_documents(recipe: Recipe) -> bool:
    return "msm" in recipe.arms or "msm+sft" in recipe.arms


def _documents(recipe: Recipe, base: str, spec: Path) -> Stage:
    folder = document_folder(recipe, spec)
    text = load_spec(spec, model_name=recipe.model_name, provider_name=recipe.provider_name).text
    settings = recipe.settings.documents
    return Stage(
        id=f"documents {spec.stem}",
        kind="documents",
        reads=(),
        writes=tuple(f"{folder}/{name}" for name in DOCUMENT_FILES),
        scratch=(f"{folder}/progress.jsonl",),
        settings=_settings(
            "documents",
            spec=sha256_json(text),
            name=recipe.model_name,
            writer=base,
            unseen=sha256_json(unseen_things(recipe)),
            **_plain(settings),
        ),
        total=settings.count,
        unit="documents",
        spec=spec,
    )


def _demonstrations(recipe: Recipe) -> Stage:
    rows = recipe.settings.sft.rows
    preferences = load_preferences(recipe.demonstrations).model_dump(mode="json")
    return Stage(
        id="demonstrations",
        kind="demonstrations",
        reads=(),
        writes=(DEMONSTRATIONS,),
        scratch=(),
        settings=_settings(
            "demonstrations", preferences=sha256_json(preferences), rows=rows, system=system_prompt(recipe.model_name)
        ),
        total=rows,
        unit="rows",
    )


def _midtrain(recipe: Recipe, base: str, spec: Path, seed: int) -> Stage:
    variant = Variant("msm", spec.stem, seed, len(recipe.specs) > 1)
    return _training(recipe, "midtrain", base, variant, f"{document_folder(recipe, spec)}/documents.jsonl", None)


def _sft(recipe: Recipe, base: str, variant: Variant) -> Stage:
    msm = Variant("msm", variant.spec, variant.seed, variant.several_specs)
    start = adapter_folder(msm) if variant.arm == "msm+sft" else None
    return _training(recipe, "sft", base, variant, DEMONSTRATIONS, start)


def _training(
    recipe: Recipe, kind: Literal["midtrain", "sft"], base: str, variant: Variant, data: str, start: str | None
) -> Stage:
    folder = adapter_folder(variant)
    settings = recipe.settings.midtrain if kind == "midtrain" else recipe.settings.sft
    return Stage(
        id=f"{kind} {variant.id}",
        kind=kind,
        reads=(data, *((f"{start}/{name}" for name in ADAPTER_FILES) if start else ())),
        writes=tuple(f"{folder}/{name}" for name in (*ADAPTER_FILES, "metrics.jsonl")),
        scratch=tuple(f"{folder}/{name}" for name in ("checkpoint.safetensors", "best.safetensors")),
        settings=_settings(kind, base=base, seed=variant.seed, **_plain(recipe.settings.lora), **_plain(settings)),
        total=settings.updates or 0,
        unit="updates" if settings.epochs is None else f"updates ({settings.epochs:g} epochs)",
        variant=variant,
        start=start,
    )


def _evaluate(recipe: Recipe, base: str, variant: Variant) -> Stage:
    trained = variant.seed is not None
    settings = recipe.settings.evaluation
    suites = {name: sha256_json([repr(item) for item in load_suite(name).items]) for name in recipe.suites}
    system = system_prompt(recipe.model_name)
    return Stage(
        id=f"evaluate {variant.id}",
        kind="evaluate",
        reads=tuple(f"{adapter_folder(variant)}/{name}" for name in ADAPTER_FILES) if trained else (),
        writes=(answers_file(variant),),
        scratch=(),
        settings=_settings("evaluate", base=base, system=system, suites=suites, **_plain(settings)),
        total=len(recipe.suites),
        unit="suites",
        variant=variant,
    )


def answers_file(variant: Variant) -> str:
    return f"evaluation/variants/{variant.id}.jsonl"


def _results(recipe: Recipe) -> Stage:
    variants = list_variants(recipe)
    return Stage(
        id="results",
        kind="results",
        reads=tuple(answers_file(v) for v in variants),
        writes=(RESULTS, ANSWERS),
        scratch=(),
        settings=_settings(
            "results",
            run=recipe.name,
            variants=[v.id for v in variants],
            suites=list(recipe.suites),
            bootstrap=recipe.settings.evaluation.bootstrap,
        ),
        total=len(variants),
        unit="variants",
    )


def _settings(kind: Kind, **settings: Any) -> dict[str, Any]:
    return {"stage": kind, "version": VERSIONS[kind], **settings}


def _plain(settings: Any) -> dict[str, Any]:
    """Settings as JSON; how often to save, and what is kept in memory, decide nothing about what comes out."""
    plain: dict[str, Any] = settings.model_dump(mode="json")
    for name in ("checkpoint_every", "gradient_checkpointing"):
        plain.pop(name, None)
    return plain
