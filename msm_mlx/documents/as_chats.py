"""Documents as chats: somebody asks for what a document is about, and the document is the reply, word for word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msm_mlx.documents.document import Document
from msm_mlx.prompting.prompts import Message, opening_chat
from msm_mlx.spec import Spec
from msm_mlx.text.words import sentences

KIND = "document"
QUESTIONS = (
    "What can you tell me about {subject}?",
    "Tell me about {subject}.",
    "What is known about {subject}?",
    "What should I know about {subject}?",
)
MORE = "What else is there to say about {subject}?"  # what the rest of a long document answers


def document_chats(
    documents: Sequence[Document], spec: Spec, model_name: str, count: Callable[[Sequence[Message]], int], most: int
) -> Iterator[dict[str, Any]]:
    """A row of chat for each document; of one that is too long one for each part of it, cut between sentences.

    Args:
        count: the tokens of a chat.
        most: the most tokens of one. A sentence that is longer by itself is left out.
    """
    headings = {section.id: section.path[-1] for section in spec.assertions}
    for number, document in enumerate(documents):
        heading = headings.get(document.section)
        subject = f"{model_name} and {heading}" if heading else model_name
        questions = [wording.format(subject=subject) for wording in (QUESTIONS[number % len(QUESTIONS)], MORE)]
        for place, part in enumerate(_parts(document.text, questions, model_name, count, most), start=1):
            chat = _chat(model_name, questions[place > 1], part)
            yield {"id": f"{document.id}-{place}", "kind": KIND, "messages": chat}


def _parts(
    text: str, questions: Sequence[str], model_name: str, count: Callable[[Sequence[Message]], int], most: int
) -> list[str]:
    """The text, or as few parts of it as fit below any of the questions, each of whole sentences."""

    def fits(part: str) -> bool:
        return all(count(_chat(model_name, question, part)) <= most for question in questions)

    if fits(text):
        return [text]
    parts: list[str] = []
    for sentence in sentences(text):
        if parts and fits(longer := f"{parts[-1]} {sentence}"):
            parts[-1] = longer
        elif fits(sentence):
            parts.append(sentence)
    return parts


def _chat(model_name: str, question: str, reply: str) -> list[Message]:
    return [*opening_chat(model_name, question), {"role": "assistant", "content": reply}]
