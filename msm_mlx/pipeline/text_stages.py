"""The stages that make texts to train on: the plan, the documents, and the demonstrations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from msm_mlx.datasets import HUB
from msm_mlx.demonstrations.chats import is_chat_file, load_chats, require_reasoning
from msm_mlx.demonstrations.general import mix_count
from msm_mlx.demonstrations.preferences import load_preferences
from msm_mlx.documents.plan import without_cause
from msm_mlx.documents.sources import identify
from msm_mlx.documents.writer_prompts import document_prompts
from msm_mlx.errors import RecipeError
from msm_mlx.files import sha256_file, sha256_json
from msm_mlx.pipeline.stage import Stage, plain_settings, stage_settings
from msm_mlx.prompting.prompts import prompt_version, system_prompt
from msm_mlx.recipe.demonstrations_file import is_written_file, load_written
from msm_mlx.recipe.load import Recipe
from msm_mlx.runs.layout import (
    ASKED,
    DEMONSTRATIONS,
    DOCUMENT_FILES,
    EARLIER,
    GENERAL_ROWS,
    IDEAS,
    PLAN,
    PROGRESS,
    UNUSED_ANSWERS,
    document_folder,
)
from msm_mlx.spec import load_spec
from msm_mlx.suites.contamination import HeldOut
from msm_mlx.suites.items import Suite


def plan_stage(recipe: Recipe, writer: str, spec: Path) -> Stage:
    """What the documents are to be, one line each."""
    settings = recipe.settings.documents
    content = load_spec(spec, model_name=recipe.model_name, provider_name=recipe.provider_name)
    folder = document_folder("msm", spec.stem, len(recipe.specs) > 1)
    grid = settings.model_dump(mode="json", include={"count", "types", "voices", "seed", "ideas"})
    if settings.prompt != "assertion":
        grid |= settings.model_dump(mode="json", include={"authors", "audiences", "lengths"})
    if settings.ideas:
        asserted = [[section.text, section.assertion] for section in content.assertions]
        grid |= {"asserted": sha256_json(asserted), "name": recipe.model_name, "writer": writer}
        grid |= {"temperature": settings.temperature, "prompts": prompt_version("ideas")}
    return Stage(
        id=f"plan {spec.stem}",
        kind="plan",
        reads=(),
        writes=(f"{folder}/{PLAN}",),
        scratch=(f"{folder}/{IDEAS}",),
        settings=stage_settings("plan", sections=[section.id for section in content.assertions], **grid),
        total=settings.count,
        unit="slots",
        spec=spec,
        grows_with=("count",),
        keeps=tuple((f"{folder}/{name}", f"{folder}/{name}") for name in (PLAN, IDEAS)),
    )


def ready_stage(recipe: Recipe, spec: Path, suites: Sequence[Suite], arm: str) -> Stage:
    """Documents that nobody has to write."""
    if arm == "control":
        raise RecipeError(
            f"{recipe.path}: arms: `control` reads documents without reasons, which are written from the spec; "
            "take it out of the arms, or documents.from out of the settings"
        )
    settings = recipe.settings.documents
    source = settings.source_of(spec.stem)
    assert source is not None
    content = load_spec(spec, model_name=recipe.model_name, provider_name=recipe.provider_name)
    folder = document_folder(arm, spec.stem, len(recipe.specs) > 1)
    return Stage(
        id=f"documents {spec.stem}",
        kind="documents",
        reads=(),
        writes=tuple(f"{folder}/{name}" for name in DOCUMENT_FILES),
        scratch=(),
        settings=stage_settings(
            "documents",
            ready=identify(source).version,
            spec=sha256_json([[section.id, section.assertion] for section in content.assertions]),
            names=[recipe.model_name, recipe.provider_name],
            held_out=sha256_json(asdict(HeldOut.of(suites))),
            **settings.model_dump(mode="json", include={"count", "seed", "field", "min_words", "checks"}),
        ),
        total=settings.count,
        unit="documents",
        spec=spec,
        ready=source,
    )


def documents_stage(recipe: Recipe, writer: str, spec: Path, suites: Sequence[Suite], control: bool) -> Stage:
    """Documents by the writer, of whom `writer` is the fingerprint; a `control` gives no reasons."""
    settings = recipe.settings.documents
    content = load_spec(spec, model_name=recipe.model_name, provider_name=recipe.provider_name)
    decisive: Any = content.text
    others = plain_settings(settings)
    others.pop("writer")  # told by its fingerprint
    if not settings.thinking:  # documents from before there was a choice are the same
        others.pop("thinking")
    note = others.pop("control_note")
    if control:
        parts = [without_cause(content, section, note) for section in content.assertions]
        decisive = [[section.id, section.path, section.assertion] for section in (*parts, *content.assertions)]
    folder = document_folder("control" if control else "msm", spec.stem, len(recipe.specs) > 1)
    plan = f"{document_folder('msm', spec.stem, len(recipe.specs) > 1)}/{PLAN}"
    return Stage(
        id=f"documents {'control ' if control else ''}{spec.stem}",
        kind="documents",
        reads=(plan,),
        writes=tuple(f"{folder}/{name}" for name in DOCUMENT_FILES),
        scratch=(f"{folder}/{PROGRESS}", f"{folder}/{EARLIER}"),
        settings=stage_settings(
            "documents",
            spec=sha256_json(decisive),
            name=recipe.model_name,
            writer=writer,
            held_out=sha256_json(asdict(HeldOut.of(suites))),
            prompts=prompt_version(*document_prompts(settings, control=control)),
            **others,
        ),
        total=settings.count,
        unit="documents",
        spec=spec,
        grows_with=("count", plan),
        keeps=((f"{folder}/{DOCUMENT_FILES[0]}", f"{folder}/{EARLIER}"),),
        control=control,
    )


def demonstrations_stage(recipe: Recipe, writer: str, suites: Sequence[Suite]) -> Stage:
    """Chats that show the behaviour."""
    rows = recipe.settings.sft.rows
    source: dict[str, str]
    writes: tuple[str, ...] = (DEMONSTRATIONS,)
    scratch: tuple[str, ...] = ()
    if is_written_file(recipe.demonstrations):
        writes, scratch = (DEMONSTRATIONS, UNUSED_ANSWERS), (ASKED,)
        source = _written(recipe, writer, suites)
    elif is_chat_file(recipe.demonstrations):
        chats = load_chats(recipe.demonstrations)
        rows = min(rows, len(chats))
        source = {"chats": sha256_json([[chat.messages, chat.reasoning] for chat in chats])}
    else:
        source = {"preferences": sha256_json(load_preferences(recipe.demonstrations).model_dump(mode="json"))}
    total = rows
    if recipe.mix:
        total += mix_count(recipe.mix, rows)
        name = recipe.mix.source
        source |= {"mix": name if name.startswith(HUB) else sha256_file(Path(name)), "mixed": str(total - rows)}
    if any("it" in variant.path for variant in recipe.variants):
        writes = (*writes, GENERAL_ROWS)
        if recipe.mix is None:
            raise RecipeError(
                f"{recipe.path}: arms: `it` learns general data alone, and the recipe has none; give it a mix, "
                f"as `mix: {{from: FILE.jsonl, share: 0.5}}`, or take `it` out of the arms"
            )
    if any("cot-sft" in variant.path for variant in recipe.variants):
        require_reasoning(recipe.demonstrations, recipe.path)
    return Stage(
        id="demonstrations",
        kind="demonstrations",
        reads=(),
        writes=writes,
        scratch=scratch,
        settings=stage_settings("demonstrations", rows=rows, system=system_prompt(recipe.model_name), **source),
        total=total,
        unit="rows",
    )


def _written(recipe: Recipe, writer: str, suites: Sequence[Suite]) -> dict[str, str]:
    """All that decides about demonstrations by the writer."""
    written = load_written(recipe.demonstrations)
    spec = load_spec(written.spec, model_name=recipe.model_name, provider_name=recipe.provider_name)
    prompts = prompt_version(
        "situations", "questions", f"{written.style}_answer", "judge", package="msm_mlx.demonstrations"
    )
    return {
        "written": sha256_json(written.model_dump(mode="json", exclude={"spec"})),
        "spec": sha256_json(spec.text),
        "name": recipe.model_name,
        "writer": writer,
        "held_out": sha256_json(HeldOut.of(suites).things),
        "prompts": prompts,
    }
