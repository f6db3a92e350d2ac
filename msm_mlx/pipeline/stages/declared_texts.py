"""The texts of a training stage that a recipe declares: chats or documents from a file, as they are."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from msm_mlx.demonstrations.chats import (
    Chat,
    ChatRows,
    draw_demonstrations,
    require_chats,
    tell_columns,
    tell_left_out,
)
from msm_mlx.demonstrations.contrary import CONTRARY, contrary_rows, exchange_rows
from msm_mlx.demonstrations.general import DECLARED
from msm_mlx.documents.sources import identify, ready_texts
from msm_mlx.errors import RecipeError
from msm_mlx.files import make_folder, sha256_json, write_jsonl
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.stages.subjects import source_in_words
from msm_mlx.prompting.prompts import Message, system_prompt
from msm_mlx.recipe.schema import StageSettings
from msm_mlx.rows.hub import pin_revision
from msm_mlx.runs.layout import declared_data
from msm_mlx.suites.contamination import HeldOut
from msm_mlx.text.variables import fill_variables

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context

Usable = TypeVar("Usable", Chat, str)


@dataclass(frozen=True, kw_only=True)
class DeclaredTexts(Stage):
    """Draws the chats or takes the documents, without those that show what the evaluation asks about."""

    version: ClassVar[int] = 3

    name: str
    settings: StageSettings
    model_name: str
    provider_name: str
    held_out: HeldOut
    overlap: int | None
    """Words of an evaluation prompt in a row that a text must not have; None for any number."""
    recipe: Path
    """Whose fault it is if there are no texts."""
    demonstrations: Path
    """What contrary rows contradict."""
    bad_rows: float
    """The share of the rows of a file of chats that may be left out because they cannot be used."""
    unit: ClassVar[str] = "rows"

    @property
    def kind(self) -> Kind:
        return "demonstrations" if self.settings.chats else "documents"

    @property
    def id(self) -> str:
        return f"{self.kind} of {self.name}"

    @property
    def total(self) -> int:
        """At most so many; of documents without a number of rows that may be any, which is known once they are read."""
        if self.settings.chats:
            return min(self.settings.rows or sys.maxsize, len(self._chats))
        return self.settings.rows or 0

    @property
    def file(self) -> str:
        return declared_data(self.name)

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.file,)

    @property
    def about(self) -> str:
        name = (self.settings.documents or str(self.settings.chats)).rpartition("/")[2]
        return f"{self.name} from {source_in_words(name, self.key.get('documents') or self.key['chats'])}"

    @property
    def subject(self) -> tuple[str, ...]:
        return ("chats", "documents", "names", "system", "contrary")

    @cached_property
    def key(self) -> dict[str, Any]:
        key = {"rows": self.settings.rows, "held_out": sha256_json(asdict(self.held_out)), "overlap": self.overlap}
        if self.settings.chats:
            chats = sha256_json([[chat.messages, chat.reasoning] for chat in self._chats])
            contrary = {"contrary": sha256_json(self._contrary)} if self._contrary else {}
            return key | {"chats": chats, "system": system_prompt(self.model_name)} | contrary
        assert self.settings.documents is not None
        names = [self.model_name, self.provider_name]
        return key | {"documents": identify(self.settings.documents).version, "names": names}

    def check(self) -> None:
        """Raises RecipeError if its file cannot be read, or has no text that can be used."""
        if self.settings.chats:
            self.planned_rows()
        else:
            self._usable_documents(self._documents())

    def planned_rows(self) -> list[dict[str, Any]]:
        """What is learned of chats: so many as are asked for, drawn at random, with the system line, and of these the
        share exchanged that is to be contrary.

        Raises:
            RecipeError: if there are none, or too few that are contrary.
        """
        chats = self._usable_chats
        drawn = draw_demonstrations(chats, rows=self.settings.rows or len(chats), system=system_prompt(self.model_name))
        return exchange_rows([row | {"kind": DECLARED} for row in drawn], self._contrary)

    def place_of(self, row: dict[str, Any]) -> tuple[str, int | None]:
        """The file and line that a row of chats is from."""
        source = self._contrary_source if row["kind"] == CONTRARY else self.settings.chats
        return str(source), row.get("line")

    def run(self, context: Context) -> None:
        if self.settings.chats:
            rows = self.planned_rows()
            for note in self.source_notes():
                context.report.say(note)
            self._tell(context, len(self._chats), len(self._usable_chats))
        else:
            texts = self._documents()
            usable = self._usable_documents(texts)
            self._tell(context, len(texts), len(usable))
            taken = enumerate(islice(usable, self.settings.rows), start=1)
            rows = [{"id": f"doc-{number:05d}", "text": text} for number, text in taken]
        path = context.run.path / self.file
        make_folder(path.parent)
        write_jsonl(path, rows)
        context.advance(len(rows), "rows")

    def source_notes(self) -> list[str]:
        """Why rows of chats are left out, and which of their columns are read."""
        if self.settings.chats is None:
            return []
        source, rows = str(self.settings.chats), self._chat_rows
        return [*tell_left_out(source, rows), *tell_columns(source, rows)]

    @cached_property
    def _chat_rows(self) -> ChatRows:
        return require_chats(str(self.settings.chats), self.bad_rows)

    @property
    def _chats(self) -> tuple[Chat, ...]:
        return self._chat_rows.chats

    @cached_property
    def _usable_chats(self) -> list[Chat]:
        return self._some([chat for chat in self._chats if not self._shows_the_evaluation(_text_of(chat.messages))])

    @property
    def _contrary_source(self) -> Path:
        return self.settings.contrary_from or self.demonstrations

    @cached_property
    def _contrary(self) -> list[dict[str, Any]]:
        """The rows that are contrary, in the order in which a larger share takes more of them.

        Raises:
            RecipeError: if the share is no row at all, or there are too few rows.
        """
        [share] = self.settings.contrary or (0.0,)
        size = min(self.settings.rows or sys.maxsize, len(self._usable_chats))
        count = round(share * size)
        if share and not count:
            least = math.ceil(0.5 / share)
            raise RecipeError(
                f"{self.recipe}: stages.{self.name}: {share:g} of {size} rows is not one row; take {least} rows or "
                "more, or a larger share"
            )
        if not count:
            return []
        rows = contrary_rows(
            self._contrary_source,
            turned=self.settings.contrary_from is None,
            rows=size,  # and not `count`, so that a larger share begins with the same rows
            system=system_prompt(self.model_name),
            bad_rows=self.bad_rows,
        )
        usable = [row for row in rows if not self._shows_the_evaluation(_text_of(row["messages"]))]
        if len(usable) < count:
            raise RecipeError(
                f"{self._contrary_source}: has {len(usable)} contrary rows that can be used, and {share:g} of the "
                f"{size} rows of the stage {self.name} of {self.recipe} is {count}; give more, or take a smaller share"
            )
        return usable[:count]

    def _documents(self) -> list[str]:
        assert self.settings.documents is not None
        texts = ready_texts(pin_revision(self.settings.documents), "text")
        return [fill_variables(ready.text, self.model_name, self.provider_name) for ready in texts]

    def _usable_documents(self, texts: Sequence[str]) -> list[str]:
        """The texts that are not empty and do not show what the evaluation asks about."""
        return self._some([text for text in texts if text and not self._shows_the_evaluation(text)])

    def _some(self, usable: list[Usable]) -> list[Usable]:
        if not usable:
            raise RecipeError(
                f"{self.settings.chats or self.settings.documents}: none of its texts can be used in the stage "
                f"{self.name} of {self.recipe}: each is empty, or names or quotes what the suites ask about; give it "
                "others"
            )
        return usable

    def _tell(self, context: Context, texts: int, usable: int) -> None:
        if usable < texts:
            context.report.say(
                f"{self.id}: {texts - usable} of {texts} texts are left out: they are empty, or name or quote what the "
                "suites ask about."
            )

    def _shows_the_evaluation(self, text: str) -> bool:
        return self.held_out.shown_in(text, self.overlap)


def _text_of(messages: Sequence[Message]) -> str:
    return "\n".join(message["content"] for message in messages)
