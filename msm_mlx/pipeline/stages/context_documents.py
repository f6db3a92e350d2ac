"""The documents that stand in the prompts of an arm that is not trained on them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.documents.document import Document, read_documents
from msm_mlx.documents.sources import ready_texts
from msm_mlx.errors import MsmError
from msm_mlx.files import make_folder, sha256_json, write_json
from msm_mlx.models.config import context_length
from msm_mlx.models.hub import model_config
from msm_mlx.pipeline.stages.made_documents import MadeOfDocuments
from msm_mlx.recipe.schema import EvaluationSettings
from msm_mlx.rows.hub import HUB
from msm_mlx.runs.layout import IN_PROMPT
from msm_mlx.settings_file.base import key_of
from msm_mlx.suites.items import Suite
from msm_mlx.text.words import TOKENS_PER_WORD

if TYPE_CHECKING:
    from msm_mlx.models.chat_renderer import ChatRenderer
    from msm_mlx.pipeline.context import Context

RESERVE = 4  # the part of what the model reads that stays free of documents, for questions that nobody knows yet


@dataclass(frozen=True, kw_only=True)
class ContextDocuments(MadeOfDocuments):
    """Takes as many documents as fit into a prompt, of all sections in turn."""

    unit: ClassVar[str] = "documents"

    evaluation: EvaluationSettings
    suites: tuple[Suite, ...]
    """What is asked after them, which must fit too."""
    base: str
    """The fingerprint of the base model."""

    @property
    def file(self) -> str:
        return f"{self.folder}/{IN_PROMPT}"

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.file,)

    @cached_property
    def key(self) -> dict[str, Any]:
        return {
            "base": self.base,
            "name": self.model_name,
            "items": sha256_json([repr(item) for suite in self.suites for item in suite.items]),
            "max_tokens": self.evaluation.max_tokens,
            **key_of(self.evaluation, "context"),
        }

    def run(self, context: Context) -> None:
        from msm_mlx.models.chat_renderer import load_renderer

        renderer = load_renderer(context.base.folder, context.base.choice)
        limit = context_length(model_config(str(context.base.folder)))
        documents = read_documents(context.run.path / self.documents)
        room = self.room(renderer, limit)
        selection, tokens = select_documents(renderer, documents, room)
        if not selection:
            raise MsmError(
                f"{context.run.path / self.documents}: no document fits into the {room} tokens that a prompt has for "
                f"them; ask for shorter ones, lower evaluation.max_tokens, or take {self.training} out of the arms"
            )
        make_folder((context.run.path / self.file).parent)
        write_json(
            context.run.path / self.file,
            {
                "documents": [document.id for document in selection],
                "of": len(documents),
                "tokens": tokens,
                "text": joined(selection),
            },
        )
        context.report.say(
            f"In the prompts of {self.training}: {len(selection)} of {len(documents)} documents, {tokens} tokens; "
            f"{'the model reads ' + str(limit) if limit else 'how much the model reads is not known'}."
        )
        context.advance(len(selection), "documents")

    def room(self, renderer: ChatRenderer, limit: int | None) -> int:
        """The most tokens of documents in a prompt, for a model that reads `limit`."""
        from msm_mlx.evaluation.lengths import item_length

        if limit is None:
            return self.evaluation.context
        most = self.evaluation.max_tokens
        longest = max(
            (item_length(renderer, item, self.model_name, most) for suite in self.suites for item in suite.items),
            default=0,
        )
        return max(min(most_document_tokens(self.evaluation, limit), limit - longest - most), 0)

    def outlook(self, renderer: ChatRenderer, limit: int | None) -> str:
        """What is to be said before there are documents; empty if some will fit into a prompt, as far as is known."""
        room, (shortest, how) = self.room(renderer, limit), self._shortest(renderer)
        if shortest <= room:
            return ""
        return (
            f"{self.training} of {self.spec.path.name}: a prompt has {room} tokens for documents, and the shortest "
            f"{how} has {shortest}: none will fit; take shorter ones, raise evaluation.context if the model reads "
            f"more, or take {self.training} out of the arms"
        )

    def _shortest(self, renderer: ChatRenderer) -> tuple[int, str]:
        """The tokens of the shortest document that there will be, and where that is known from."""
        source = self.settings.source_of(self.spec.path.stem)
        if source and not source.startswith(HUB):
            lengths = (len(renderer.encode(text.text)) for text in ready_texts(source, self.settings.field))
            return min(lengths, default=0), f"of {Path(source).name}"
        asked = [int(length.split()[0]) for length in self.settings.lengths if length.split()[0].isdigit()]
        words = max(self.settings.min_words, 0 if self.settings.assertion_only else min(asked, default=0))
        return math.ceil(TOKENS_PER_WORD * words), "that is asked for"


def most_document_tokens(evaluation: EvaluationSettings, limit: int | None) -> int:
    """The most tokens of documents in a prompt, before it is known what is asked, for a model that reads `limit`."""
    return evaluation.context if limit is None else min(evaluation.context, limit - limit // RESERVE)


def select_documents(renderer: ChatRenderer, documents: list[Document], room: int) -> tuple[list[Document], int]:
    """As many documents as fit into `room` tokens, of all sections in turn, with their number of tokens.

    One that is too long for what is left is passed over, for shorter ones may still fit.
    """
    selection: list[Document] = []
    tokens = 0
    for document in _in_turn(documents):
        more = len(renderer.encode(joined([*selection, document])))
        if more <= room:
            selection.append(document)
            tokens = more
    return selection, tokens


def joined(documents: list[Document]) -> str:
    """The documents as they stand in a prompt."""
    return "\n\n".join(document.text for document in documents)


def _in_turn(documents: list[Document]) -> list[Document]:
    """The first document of each section, then the second of each, and so on."""
    visits: Counter[str] = Counter()
    rounds = []
    for document in documents:
        rounds.append((visits[document.section], document))
        visits[document.section] += 1
    return [document for _, document in sorted(rounds, key=lambda pair: pair[0])]
