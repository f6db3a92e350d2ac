"""The document in a reply: between tags, where the writer is asked for them, and without its thought."""

from __future__ import annotations

import re

from msm_mlx.prompting.replies import strip_thinking
from msm_mlx.recipe.schema import DocumentSettings

_FENCED = re.compile(r"\s*(?:```|~~~)[\w-]*[ \t]*\n((?:(?!```|~~~).)*)(?:```|~~~)\s*", re.DOTALL)
_TAG = re.compile(r"<(/?)\s*document\s*>", re.IGNORECASE)


def written_text(reply: str, settings: DocumentSettings) -> str | None:
    """The document in a reply: all of it but a thought, or what stands between tags where it was to."""
    text = without_thought(reply) if settings.assertion_only else tagged_text(reply)
    return None if text is None else _without_fence(text)


def _without_fence(text: str) -> str:
    """What stands in a code fence that holds all of a text, as some writers put it."""
    match = _FENCED.fullmatch(text)
    return match[1].strip() if match else text


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
