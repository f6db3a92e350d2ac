"""The content of the documents about a spec as chats: each is the reply to somebody who asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.documents.as_chats import MORE, QUESTIONS, document_chats
from msm_mlx.documents.document import read_documents
from msm_mlx.errors import MsmError
from msm_mlx.files import make_folder, sha256_json, write_jsonl
from msm_mlx.pipeline.stages.made_documents import MadeOfDocuments
from msm_mlx.prompting.prompts import system_prompt
from msm_mlx.runs.layout import DOCUMENT_CHATS

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context


@dataclass(frozen=True, kw_only=True)
class DocumentChats(MadeOfDocuments):
    """Makes a chat of each document, with the same words to learn, so that nothing but the form differs."""

    unit: ClassVar[str] = "documents"

    max_length: int
    """Tokens of a chat."""
    base: str
    """The fingerprint of the model, whose tokens are counted."""

    @property
    def file(self) -> str:
        return f"{self.folder}/{DOCUMENT_CHATS}"

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.file,)

    @cached_property
    def key(self) -> dict[str, Any]:
        headings = [[section.id, section.path[-1]] for section in self.spec.assertions]
        return {
            "base": self.base,
            "system": system_prompt(self.model_name),
            "headings": sha256_json(headings),
            "questions": sha256_json([*QUESTIONS, MORE]),
            "max_length": self.max_length,
        }

    def run(self, context: Context) -> None:
        from msm_mlx.models.chat_renderer import load_renderer

        renderer = load_renderer(context.base.folder, context.base.choice)
        documents = read_documents(context.run.path / self.documents)
        rows = list(
            document_chats(
                documents,
                self.spec,
                self.model_name,
                lambda chat: max(len(row.ids) for row in renderer.reply_rows(chat)),
                self.max_length,
            )
        )
        if not rows:
            raise MsmError(
                f"{context.run.path / self.documents}: no sentence of a document fits into a chat of {self.max_length} "
                "tokens; raise midtrain.max_length"
            )
        replies = [row["messages"][-1]["content"] for row in rows]
        tokens = [sum(len(renderer.encode(text)) for text in texts) for texts in (replies, [d.text for d in documents])]
        make_folder((context.run.path / self.file).parent)
        write_jsonl(context.run.path / self.file, rows)
        context.report.say(
            f"Documents as chats: {len(rows)} of {len(documents)} documents. Their replies have {tokens[0]} tokens, "
            f"the documents {tokens[1]}."
        )
        context.advance(len(documents), "documents")
