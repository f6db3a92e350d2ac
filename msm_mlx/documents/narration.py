"""Who tells a document: the assistant itself, somebody else, or speakers in turn.

What a model takes from a text may depend on it: statements in the first person were acted on more often than the same
content told of somebody. A planned document is asked for with its narration; of any text it can be told by its form.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Literal

from msm_mlx.documents.checks.wording_rules import without_quotations
from msm_mlx.recipe.schema import Narration
from msm_mlx.text.languages import ENGLISH, language_of
from msm_mlx.text.words import mentions

REQUESTS: Mapping[str, str] = {
    "first person": " The assistant itself tells it, in the first person, and says what it is called.",
    "third person": " It tells of the assistant in the third person; outside of quotations, nobody says 'I' for it.",
    "transcript": " It is the transcript of a conversation with the assistant: each turn is a line of its own that "
    "begins with the name of who speaks and a colon.",
}
"""What a writer is asked for each."""
MIN_TURNS = 3  # of the assistant alone, where who asks is not named
TURN_SHARE = 0.3  # of the lines of a transcript that begin with who speaks
MIN_SELF = 2  # words for oneself, outside of quotations, of somebody who tells
SIGNATURE_LINES = 3
_TURN = re.compile(
    r"[\W\d_]*([^\W\d_][\w.' -]{0,30}?)(?: \([^()]{1,30}\))?(?:(?:[*_]*:|(?<=\b[QA])\.)[*_]*(?:\s|$)|[*_]*\uff1a)"
)
_ASSISTANT = re.compile(r"\b(?:the|an|this|our|my|your|their) (?:\w+ )?(?:assistant|ai|model|chatbot)\b", re.IGNORECASE)
_SELF = re.compile(r"\b(?:I|me|my|mine|myself)\b|\bI'")


def narration_of(text: str, name: str) -> Narration | Literal[""]:
    """How `text` is told; `name` is what the assistant is called. Of other languages than English, transcripts alone
    are told.

    A transcript has speakers that come again at the beginning of lines. In the first person the assistant says "I"
    outside of quotations: it gives its name as its own or signs with it, or nobody speaks of an assistant at all.
    """
    text = text.replace("\u2019", "'")
    if _is_transcript(text, name):
        return "transcript"
    if language_of(text) not in (None, ENGLISH):
        return ""
    plain = without_quotations(text)
    if len(_SELF.findall(plain)) < MIN_SELF:
        return "third person"
    return "first person" if _is_of_itself(plain, name) else "third person"


def _is_transcript(text: str, name: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip()]
    turns = Counter(match[1].lower() for line in lines if (match := _TURN.match(line)))
    again = {speaker: count for speaker, count in turns.items() if count > 1}
    if len(again) < 2 and again.get(name.lower(), 0) < MIN_TURNS:
        return False
    return sum(again.values()) >= TURN_SHARE * len(lines)


def _is_of_itself(text: str, name: str) -> bool:
    """Whether the "I" of a text is the assistant."""
    called = r"\s+".join(map(re.escape, name.split()))
    by_name = re.compile(
        rf"\bI(?: am|'m),? (?:called |named )?{called}\b|\bI, {called}\b|\b(?:my name is|call me|calls? me|this is|"
        rf"named me|speaking as) {called}\b|\b{called} (?:is|was) (?:my|the) name\b",
        re.IGNORECASE,
    )
    ending = [line for line in text.splitlines() if line.strip()][-SIGNATURE_LINES:]
    signed = re.compile(rf"\W*(?:\w+,? ){{0,3}}{called}\W*(?:,.{{0,60}})?", re.IGNORECASE)
    if by_name.search(text) or any(signed.fullmatch(line) for line in ending):
        return True
    return not mentions(text, name) and not _ASSISTANT.search(text)
