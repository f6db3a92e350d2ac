"""What the writer is asked. Small models see one assertion; larger ones the section, or the whole spec."""

from __future__ import annotations

from msm_mlx.documents.narration import REQUESTS
from msm_mlx.documents.openings import opening_of
from msm_mlx.documents.plan import Slot
from msm_mlx.prompting.prompts import Message, chat_from_prompt
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import Spec
from msm_mlx.text.languages import ENGLISH, language_of

AGAIN = "again"  # the prompt file for later attempts
CRITIQUE_PROMPTS = ("critique", "rewrite")


def writer_messages(slot: Slot, spec: Spec, settings: DocumentSettings, attempt: int = 1) -> list[Message]:
    """The chat that asks for the document of `slot`. A control's never shows text that gives the reasons.

    A later attempt is asked for in other words, where the writer sees more than an assertion: one that failed on a
    prompt often fails on it again. With `prompt: opening` the chat ends with the beginning of the writer's own turn.
    """
    fields = {
        "form": _form(slot),
        "idea": f"\n\nWhat the text is about: {slot.idea}" if slot.idea else "",
        "type": slot.type,
        "voice": slot.voice,
        "assertion": slot.section.assertion or "",
        "section": slot.section.text,
        "spec": "" if slot.withheld else spec.text,
    }
    messages = chat_from_prompt(prompt_name(settings, control=slot.withheld is not None), fields)
    if settings.prompt == "opening":
        return [*messages, {"role": "assistant", "content": opening_of(slot, attempt, settings.seed)}]
    if attempt == 1 or settings.assertion_only:
        return messages
    return chat_from_prompt(AGAIN, {"request": messages[-1]["content"], "attempt": str(attempt)})


def prompt_name(settings: DocumentSettings, *, control: bool) -> str:
    """The prompt file for documents."""
    return f"control_{settings.prompt}" if control and not settings.assertion_only else settings.prompt


def document_prompts(settings: DocumentSettings, *, control: bool) -> list[str]:
    """All prompt files that the documents depend on."""
    return [prompt_name(settings, control=control), *([] if settings.assertion_only else [AGAIN])]


def _language(slot: Slot) -> str | None:
    """The language of the assertion, where a writer that is asked in English would not write in it by itself."""
    language = language_of(slot.section.assertion or "")
    return None if language == ENGLISH else language


def _form(slot: Slot) -> str:
    """Who tells, who writes, for whom, how long, in which language, and what a person may be called."""
    by, to = (f" by {slot.author}" if slot.author else ""), (f" for {slot.audience}" if slot.audience else "")
    parts = [
        REQUESTS[slot.narration] if slot.narration else "",
        f" It is written{by}{to}." if by or to else "",
        f" It has {slot.length}." if slot.length else "",
        f" It is written in {language}." if (language := _language(slot)) else "",
        f" If a person other than the author has to have a name, take {slot.person}." if slot.person else "",
    ]
    return "".join(parts)
