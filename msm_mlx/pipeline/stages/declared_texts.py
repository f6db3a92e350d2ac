"""The texts of a training stage that a recipe declares: chats or documents from a file, as they are."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.datasets import pin_revision
from msm_mlx.demonstrations.chats import draw_demonstrations, load_chats
from msm_mlx.documents.sources import identify, ready_texts
from msm_mlx.errors import RecipeError
from msm_mlx.files import make_folder, sha256_json, write_jsonl
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.prompting.prompts import system_prompt
from msm_mlx.recipe.schema import StageSettings
from msm_mlx.runs.layout import declared_data
from msm_mlx.suites.contamination import HeldOut

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context


@dataclass(frozen=True, kw_only=True)
class DeclaredTexts(Stage):
    """Draws the chats, or takes the documents less those that show what the evaluation asks about."""

    name: str
    settings: StageSettings
    model_name: str
    held_out: HeldOut
    overlap: int | None
    """Words of an evaluation prompt in a row that a document must not have; None for any number."""
    recipe: Path
    """Whose fault it is if there are no texts."""
    unit: ClassVar[str] = "rows"

    @property
    def kind(self) -> Kind:
        return "demonstrations" if self.settings.chats else "documents"

    @property
    def id(self) -> str:
        return f"{self.kind} of {self.name}"

    @property
    def total(self) -> int:
        """As many as are asked for; of documents that may be any number, which is known once they are read."""
        if self.settings.chats:
            return min(self.settings.rows or sys.maxsize, len(load_chats(self.settings.chats)))
        return self.settings.rows or 0

    @property
    def file(self) -> str:
        return declared_data(self.name)

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.file,)

    @cached_property
    def key(self) -> dict[str, Any]:
        key: dict[str, Any] = {"rows": self.settings.rows}
        if self.settings.chats:
            chats = sha256_json([[chat.messages, chat.reasoning] for chat in load_chats(self.settings.chats)])
            return key | {"chats": chats, "system": system_prompt(self.model_name)}
        assert self.settings.documents is not None
        held_out = sha256_json(asdict(self.held_out))
        return key | {
            "documents": identify(self.settings.documents).version,
            "held_out": held_out,
            "overlap": self.overlap,
        }

    def check(self) -> None:
        """Raises RecipeError if its file cannot be read, or has no text that can be used."""
        if self.settings.chats:
            load_chats(self.settings.chats)
        else:
            self._usable(self._texts())

    def run(self, context: Context) -> None:
        rows = list(self._chats() if self.settings.chats else self._documents(context))
        path = context.run.path / self.file
        make_folder(path.parent)
        write_jsonl(path, rows)
        context.report.advance(len(rows), "rows")

    def _chats(self) -> Iterator[dict[str, Any]]:
        assert self.settings.chats is not None
        chats = load_chats(self.settings.chats)
        rows = min(self.settings.rows or len(chats), len(chats))
        yield from draw_demonstrations(chats, rows=rows, system=system_prompt(self.model_name))

    def _texts(self) -> list[str]:
        assert self.settings.documents is not None
        return [ready.text for ready in ready_texts(pin_revision(self.settings.documents), "text")]

    def _usable(self, texts: Sequence[str]) -> list[str]:
        """The texts that are not empty and do not show what the evaluation asks about."""
        usable = [text for text in texts if text and not self._shows_the_evaluation(text)]
        if not usable:
            raise RecipeError(
                f"{self.settings.documents}: none of its texts can be used in the stage {self.name} of {self.recipe}: "
                "each is empty, or names or quotes what the suites ask about; give it others"
            )
        return usable

    def _documents(self, context: Context) -> Iterator[dict[str, Any]]:
        texts = self._texts()
        usable = self._usable(texts)
        if len(usable) < len(texts):
            context.report.say(
                f"{self.id}: {len(texts) - len(usable)} of {len(texts)} texts are left out: they are empty, or name or "
                "quote what the suites ask about."
            )
        for number, text in enumerate(islice(usable, self.settings.rows), start=1):
            yield {"id": f"doc-{number:05d}", "text": text}

    def _shows_the_evaluation(self, text: str) -> bool:
        quoted = self.overlap is not None and self.held_out.quoted_in(text, self.overlap)
        return quoted or self.held_out.named_in(text)
