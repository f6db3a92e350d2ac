"""The document in a reply: between tags, where the writer is asked for them, and without its thought."""

from __future__ import annotations

import re

from msm_mlx.documents.checks.degeneration import before_loop
from msm_mlx.engine.chat_model import Reply
from msm_mlx.prompting.replies import strip_thinking
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.text.words import count_words, whole_sentences

_FENCED = re.compile(r"\s*(?:```|~~~)[\w-]*[ \t]*\n((?:(?!```|~~~).)*)(?:```|~~~)\s*", re.DOTALL)
_TAG = re.compile(r"<(/?)\s*document\s*>", re.IGNORECASE)


def written_text(reply: Reply, settings: DocumentSettings) -> str | None:
    """The document in a reply: all of it but a thought, or what stands between tags where it was to.

    Of a document that max_tokens has cut, what stands up to the end of its last whole sentence. None if there is none,
    or fewer than `min_words`. With `prompt: assertion` nothing is cut: a writer that does not come to an end by itself
    has lost its thread. With `prompt: opening`, for small writers, the text ends before the first sentence that it says
    again.
    """
    if settings.prompt == "assertion":
        return _without_fence(without_thought(reply.text))
    if settings.prompt == "opening":
        whole = without_thought(reply.text)
        before = whole if settings.checks.repeated_sentence is None else before_loop(whole)
        return before if reply.finished or before != whole else _up_to_a_sentence(whole, settings)
    text = tagged_text(reply.text)
    if text is None:
        return None if reply.finished else _up_to_a_sentence(_begun_in_tag(reply.text), settings)
    return _without_fence(text)


def _without_fence(text: str) -> str:
    """What stands in a code fence that holds all of a text, as some writers put it."""
    match = _FENCED.fullmatch(text)
    return match[1].strip() if match else text


def _up_to_a_sentence(text: str, settings: DocumentSettings) -> str | None:
    whole = whole_sentences(text)
    return whole if count_words(whole) >= max(settings.min_words, 1) else None


def _begun_in_tag(reply: str) -> str:
    """What stands after the last tag of a reply, if that one opens; else nothing."""
    text = without_thought(reply)
    tags = list(_TAG.finditer(text))
    return text[tags[-1].end() :].strip() if tags and not tags[-1][1] else ""


def tagged_text(reply: str) -> str | None:
    """What the last complete pair of tags after a thought holds; None if there is none, or another tag is opened after
    it."""
    rest = without_thought(reply)
    text = _last_pair(rest)
    if text is None and has_tag(rest):  # a thought within the document
        text = _last_pair(reply)
    return None if text is None else without_thought(text)


def _last_pair(reply: str) -> str | None:
    text = opened = None
    for match in _TAG.finditer(reply):
        if not match[1]:
            opened = match.end()
        elif opened is not None:
            text, opened = reply[opened : match.start()].strip(), None
    return text if opened is None else None


def has_tag(reply: str) -> bool:
    """Whether a reply has a tag at all, be it a pair or not."""
    return _TAG.search(reply) is not None


def without_thought(reply: str) -> str:
    """The reply without what a model that thinks has thought: some do, whether they are asked to or not."""
    rest = strip_thinking(reply)
    return reply if rest == reply else rest.strip()
