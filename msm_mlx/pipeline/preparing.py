"""What a run prepares before anything is trained: the plan of the documents, and the demonstrations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from msm_mlx.datasets import pinned
from msm_mlx.demonstrations.chats import draw_demonstrations, is_chat_file, load_chats
from msm_mlx.demonstrations.general import load_general, mix_count, mix_rows
from msm_mlx.demonstrations.preferences import build_demonstrations, load_preferences
from msm_mlx.demonstrations.writing import chat_rows, remembered, require_rows, write_demonstrations
from msm_mlx.documents.checks.assertions import Subject
from msm_mlx.documents.critique import Put, critique_documents
from msm_mlx.documents.ideas import propose_ideas
from msm_mlx.documents.plan import plan_documents
from msm_mlx.documents.plan_file import read_plan, read_rows, write_plan
from msm_mlx.documents.ready_made import take_documents
from msm_mlx.engine.chat_model import Ask
from msm_mlx.files import make_folder, read_jsonl, write_jsonl
from msm_mlx.pipeline.stage import Stage
from msm_mlx.prompting.prompts import system_prompt
from msm_mlx.recipe.demonstrations_file import is_written_file, load_written
from msm_mlx.recipe.load import Recipe
from msm_mlx.runs.layout import ASKED, DEMONSTRATIONS, GENERAL_ROWS, IDEAS, UNUSED_ANSWERS
from msm_mlx.spec import Spec, load_spec
from msm_mlx.suites.contamination import HeldOut

AskWith = Callable[[int, int, float], Ask]
"""The writer, for a length in tokens, a batch size and a temperature."""
Show = Callable[[int, str], None]


def make_plan(recipe: Recipe, spec: Spec, path: Path, ask: AskWith, show: Show) -> None:
    """Write the plan; one that is there already keeps its rows, and grows."""
    settings = recipe.settings.documents
    edited = read_rows(path, spec) if path.exists() else []
    make_folder(path.parent)
    ideas: Mapping[tuple[str, str], Sequence[str]] = {}
    if settings.ideas:
        writer = ask(settings.max_tokens, settings.batch_size, settings.temperature)
        progress = path.with_name(IDEAS)
        ideas = propose_ideas(
            spec, recipe.model_name, settings, writer, progress, on_batch=lambda count: show(0, f"{count} ideas")
        )
    write_plan(path, plan_documents(spec, settings, ideas=ideas), edited)


def take_ready(
    recipe: Recipe, spec: Spec, folder: Path, held_out: HeldOut, count_tokens: Callable[[str], int], show: Show,
    say: Callable[[str], None],
) -> None:  # fmt: skip
    """Put ready-made documents where written ones would be."""
    source = recipe.settings.documents.source_of(spec.path.stem)
    assert source is not None
    take_documents(
        pinned(source),
        spec,
        recipe.model_name,
        recipe.settings.documents,
        folder,
        count_tokens=count_tokens,
        maker=recipe.provider_name or "",
        held_out=held_out,
        on_record=lambda kept, rejected: show(kept, f"{rejected} rejected"),
        say=say,
    )


def critique_run(
    recipe: Recipe, spec: Spec, run: Path, stage: Stage, put: Put, critic: str, held_out: HeldOut,
    say: Callable[[str], None],
) -> None:  # fmt: skip
    """Have the critic read the drafts that `stage` reads, and put the documents in place."""
    settings = recipe.settings.documents
    drafts, rejected, plan = (run / name for name in stage.reads)
    slots = read_plan(plan, spec, settings, control=stage.control)
    critique_documents(
        read_jsonl(drafts),
        read_jsonl(rejected),
        {slot.id: Subject.of(slot, recipe.model_name, recipe.provider_name or "") for slot in slots},
        settings,
        (run / stage.writes[0]).parent,
        put=put,
        critic=critic,
        held_out=held_out,
        say=say,
    )


def make_demonstrations(
    recipe: Recipe,
    run: Path,
    count: int,
    held_out: Collection[str],
    ask: AskWith,
    show: Show,
    say: Callable[[str], None],
) -> None:
    """Write `count` demonstrations, and with them the general data that the recipe mixes in."""
    source, system = recipe.demonstrations, system_prompt(recipe.model_name)
    make_folder((run / DEMONSTRATIONS).parent)
    if is_written_file(source):
        rows = _written(recipe, run, count, held_out, ask, show)
    elif is_chat_file(source):
        rows = draw_demonstrations(load_chats(source), rows=count, system=system)
    else:
        rows = build_demonstrations(load_preferences(source), rows=count, system=system)
    rows = _mixed(recipe, rows, say) if recipe.mix else rows
    write_jsonl(run / DEMONSTRATIONS, rows)
    if any("it" in variant.path for variant in recipe.variants):
        write_jsonl(run / GENERAL_ROWS, [row for row in rows if row["kind"] == "general"])


def _written(
    recipe: Recipe, run: Path, count: int, held_out: Collection[str], ask: AskWith, show: Show
) -> list[dict[str, Any]]:
    written = load_written(recipe.demonstrations)
    made = write_demonstrations(
        load_spec(written.spec, model_name=recipe.model_name, provider_name=recipe.provider_name),
        recipe.model_name,
        written,
        remembered(ask(written.max_tokens, written.batch_size, written.temperature), run / ASKED),
        rows=count,
        held_out=held_out,
        on_batch=lambda kept, rejected: show(kept, f"{rejected} rejected"),
    )
    write_jsonl(run / UNUSED_ANSWERS, made.rejected)
    require_rows(made, count, run / UNUSED_ANSWERS)
    return chat_rows(made, system_prompt(recipe.model_name))


def _mixed(recipe: Recipe, rows: list[dict[str, Any]], say: Callable[[str], None]) -> list[dict[str, Any]]:
    assert recipe.mix is not None
    general = load_general(recipe.mix.source, (recipe.model_name, recipe.provider_name))
    count = mix_count(recipe.mix, len(rows))
    left_out = ", ".join(f"{number} {reason}" for reason, number in general.left_out.items())
    used = f"{min(count, len(general.chats))} of {len(general.chats)} chats of {recipe.mix.source}"
    say(f"General data: {used}{f' (left out: {left_out})' if left_out else ''}.")
    return mix_rows(rows, general, count, system=system_prompt(recipe.model_name))
