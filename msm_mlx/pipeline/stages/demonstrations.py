"""The chats that show the behaviour, and the general chats among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from msm_mlx.demonstrations.chats import (
    ChatRows,
    draw_demonstrations,
    is_chat_file,
    require_chats,
    require_reasoning,
    tell_columns,
    tell_left_out,
)
from msm_mlx.demonstrations.general import GENERAL, load_general, mix_count, mix_rows
from msm_mlx.demonstrations.preferences import build_demonstrations, load_preferences
from msm_mlx.documents.sources import identify
from msm_mlx.files import make_folder, sha256_json, write_jsonl
from msm_mlx.models.config import context_length
from msm_mlx.models.hub import ModelRef, model_config
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.stages.subjects import source_in_words
from msm_mlx.prompting.prompts import add_to_system, prompt_version, system_prompt
from msm_mlx.recipe.demonstrations_file import (
    DemonstrationSettings,
    has_demonstration_settings,
    load_demonstration_settings,
)
from msm_mlx.recipe.load import Recipe
from msm_mlx.recipe.sampling import ChosenSampling, with_sampling
from msm_mlx.rows.problems import count_problems
from msm_mlx.runs.layout import ASKED, DEMONSTRATIONS, GENERAL_ROWS, UNUSED_ANSWERS
from msm_mlx.settings_file.base import key_of
from msm_mlx.spec import load_spec
from msm_mlx.suites.contamination import HeldOut

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context

PACKAGE = "msm_mlx.demonstrations"
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Demonstrations(Stage):
    """Draws, builds or has written the demonstrations, and mixes in the recipe's general chats."""

    version: ClassVar[int] = 2
    unit: ClassVar[str] = "rows"

    recipe: Recipe
    writer: str
    """The fingerprint of the model that writes them, if one does."""
    held_out: HeldOut
    sampling: ChosenSampling | None = None
    """How the replies of that model are sampled."""

    def __post_init__(self) -> None:
        """Raises RecipeError if an arm learns what the recipe does not have."""
        if self._trains("cot-sft"):
            require_reasoning(self.recipe.demonstrations, self.recipe.path, self.recipe.bad_rows)

    @property
    def kind(self) -> Kind:
        return "demonstrations"

    @property
    def id(self) -> str:
        return "demonstrations"

    @cached_property
    def rows(self) -> int:
        """How many show the behaviour: a file of chats may have fewer than the recipe asks for."""
        wanted = self.recipe.settings.sft.rows
        return min(wanted, len(self._chats.chats)) if self.form == "chats" else wanted

    @property
    def total(self) -> int:
        return self.rows + (mix_count(self.recipe.mix, self.rows) if self.recipe.mix else 0)

    @property
    def writes(self) -> tuple[str, ...]:
        unused = (UNUSED_ANSWERS,) if self.form == "written" else ()
        return (DEMONSTRATIONS, *unused, *((GENERAL_ROWS,) if self._trains("it") else ()))

    @property
    def on_any_thread(self) -> bool:
        return self.form != "written"

    @property
    def scratch(self) -> tuple[str, ...]:
        return (ASKED,) if self.form == "written" else ()

    @property
    def about(self) -> str:
        return source_in_words(self.recipe.demonstrations.name, sha256_json(self._source_key()))

    @property
    def subject(self) -> tuple[str, ...]:
        return ("chats", "preferences", "written", "spec", "name", "system")

    @cached_property
    def key(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "system": system_prompt(self.recipe.model_name),
            **({"system_in_training": self._system_in_training} if self._system_in_training else {}),
            **self._source_key(),
            **self._mix_key(),
        }

    def check(self) -> None:
        """Raises RecipeError if a file that its rows come from cannot be read, or has none that can be used."""
        self.planned_rows()

    def run(self, context: Context) -> None:
        path = context.run.path
        make_folder((path / DEMONSTRATIONS).parent)
        rows = self._mixed(self._behaviour(context))
        for note in self.source_notes():
            context.report.say(note)
        write_jsonl(path / DEMONSTRATIONS, rows)
        if self._trains("it"):
            write_jsonl(path / GENERAL_ROWS, [row for row in rows if row["kind"] == GENERAL])

    def _trains(self, name: str) -> bool:
        return any(name in variant.path for variant in self.recipe.variants)

    @cached_property
    def form(self) -> Literal["written", "chats", "preferences"]:
        """Whether the recipe's demonstrations are written by a model, drawn from chats, or made of preferences."""
        source = self.recipe.demonstrations
        if has_demonstration_settings(source):
            return "written"
        return "chats" if is_chat_file(source) else "preferences"

    @property
    def _system_in_training(self) -> str | None:
        return self.recipe.settings.sft.system

    def _source_key(self) -> dict[str, str]:
        source = self.recipe.demonstrations
        if self.form == "chats":
            return {"chats": sha256_json([[chat.messages, chat.reasoning] for chat in self._chats.chats])}
        if self.form == "preferences":
            return {"preferences": sha256_json(load_preferences(source).model_dump(mode="json"))}
        written = self._how_written()
        spec = load_spec(written.spec, model_name=self.recipe.model_name, provider_name=self.recipe.provider_name)
        prompts = ("situations", "questions", f"{written.style}_answer", "judge")
        return {
            "written": sha256_json(key_of(written, self.kind)),
            "spec": sha256_json(spec.text),
            "name": self.recipe.model_name,
            "writer": self.writer,
            "held_out": sha256_json(self.held_out.things),
            "prompts": prompt_version(*prompts, package=PACKAGE),
        }

    def _how_written(self) -> DemonstrationSettings:
        written = load_demonstration_settings(self.recipe.demonstrations)
        return with_sampling(written, self.sampling) if self.sampling else written

    def _mix_key(self) -> dict[str, Any]:
        mix = self.recipe.mix
        if mix is None:
            return {}
        return {"mix": identify(mix.source).version, "mixed": self.total - self.rows}

    def planned_rows(self) -> list[Row] | None:
        """The rows to be, of which general chats have the kind `GENERAL`; None if a model is still to write them.

        Raises:
            RecipeError: if a file that they come from cannot be read.
        """
        shown = self._planned_behaviour()
        return None if shown is None else self._mixed(shown)

    def place_of(self, row: Row) -> tuple[str, int | None]:
        """The file that a row is from, and its line there, which what is built from preferences has not."""
        mix = self.recipe.mix
        return mix.source if mix and row["kind"] == GENERAL else str(self.recipe.demonstrations), row.get("line")

    def _planned_behaviour(self) -> list[Row] | None:
        source, system = self.recipe.demonstrations, system_prompt(self.recipe.model_name)
        if self.form == "written":
            return None
        if self.form == "chats":
            rows = draw_demonstrations(self._chats.chats, rows=self.rows, system=system)
        else:
            rows = build_demonstrations(load_preferences(source), rows=self.rows, system=system)
        return self._with_system_line(rows)

    def _behaviour(self, context: Context) -> list[Row]:
        planned = self._planned_behaviour()
        return self._with_system_line(self._written(context)) if planned is None else planned

    def _with_system_line(self, rows: list[Row]) -> list[Row]:
        """The rows with what their system turn has in training alone."""
        line = self._system_in_training
        return rows if line is None else [row | {"messages": add_to_system(row["messages"], line)} for row in rows]

    def _written(self, context: Context) -> list[Row]:
        from msm_mlx.demonstrations.generate import chat_rows, generate_demonstrations, require_rows
        from msm_mlx.engine.logged_model import LoggedModel

        recipe, written, meter = self.recipe, self._how_written(), context.meter()
        answers = generate_demonstrations(
            load_spec(written.spec, model_name=recipe.model_name, provider_name=recipe.provider_name),
            recipe.model_name,
            written,
            LoggedModel(context.writer(meter.step), context.run.path / ASKED),
            rows=self.rows,
            held_out=self.held_out.things,
            on_batch=lambda kept, rejected: meter.show(kept, f"{rejected} rejected"),
            unlearnable=self._unlearnable(context.base),
        )
        unused = context.run.path / UNUSED_ANSWERS
        write_jsonl(unused, answers.rejected)
        require_rows(answers, self.rows, unused)
        return chat_rows(answers, system_prompt(recipe.model_name))

    def _unlearnable(self, base: ModelRef) -> Callable[[Mapping[str, Any]], str | None]:
        """Measures a row that was written as it will be trained on, so that none fails after hours."""
        from msm_mlx.demonstrations.generate import TOO_LONG, chat_of
        from msm_mlx.models.chat_renderer import ChatError, load_renderer
        from msm_mlx.training.tokenize import with_reasoning

        settings, system = self.recipe.settings.sft, system_prompt(self.recipe.model_name)
        renderer, context = load_renderer(base.folder, base.choice), context_length(model_config(str(base.folder)))
        limit = min(settings.max_length, context or settings.max_length)
        reasoned = [False, *[True] * self._trains("cot-sft")]

        def unlearnable(row: Mapping[str, Any]) -> str | None:
            [chat] = self._with_system_line([{"messages": chat_of(row, system), "reasoning": row["reasoning"]}])
            chats = [with_reasoning(chat, settings.reasoning) if one else chat["messages"] for one in reasoned]
            try:
                tokens = max(len(part.ids) for messages in chats for part in renderer.reply_rows(messages))
            except ChatError as error:
                return error.reason
            return TOO_LONG if tokens > limit else None

        return unlearnable

    @cached_property
    def _chats(self) -> ChatRows:
        """Those of a file of chats, if the demonstrations are one."""
        return require_chats(str(self.recipe.demonstrations), self.recipe.bad_rows)

    @cached_property
    def _general(self) -> ChatRows | None:
        recipe, mix = self.recipe, self.recipe.mix
        if mix is None:
            return None
        return load_general(mix.source, (recipe.model_name, recipe.provider_name), recipe.bad_rows_of_mix)

    def _mixed(self, rows: list[Row]) -> list[Row]:
        if self._general is None:
            return rows
        return mix_rows(rows, self._general, self.total - self.rows, system=system_prompt(self.recipe.model_name))

    def source_notes(self) -> list[str]:
        """How many general chats are taken, why rows are left out, and which columns of the files are read."""
        source, mix, general = str(self.recipe.demonstrations), self.recipe.mix, self._general
        notes: list[str] = []
        files = {source: self._chats} if self.form == "chats" else {}
        for name, rows in files.items():
            notes += tell_left_out(name, rows)
        if mix and general:
            used = min(self.total - self.rows, len(general.chats))
            left_out = f"; left out: {count_problems(general.left_out)}" if general.left_out else ""
            notes.append(f"General data: {used} of {len(general.chats)} chats of {mix.source}{left_out}.")
            files |= {mix.source: general}
        return notes + [line for name, rows in files.items() for line in tell_columns(name, rows)]
